"""
The functions of PromQL.

``ranges`` holds those of windows (floats in bulk by the kernels), ``points`` what they do to
windows with native histograms, one window after the other; ``vectors``, ``dates``, ``histograms``,
``labels`` and ``ordering`` hold those of instant vectors. Read ``vectors.py`` first.
"""
