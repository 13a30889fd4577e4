"""
Blocks of Prometheus' storage: a folder with ``meta.json``, ``index``, ``chunks/`` and tombstones.

``index`` says which series there are and where their chunks lie, ``chunks`` takes them out of the
files, ``xor`` and ``histograms`` read what is in them. Read ``block.py`` first.
"""
