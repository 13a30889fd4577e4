"""
Operators: the tree that a plan runs.

An operator answers for all steps at once. It holds no state of a run, so one plan serves many
queries at the same time; what belongs to a run is in ``run.Run``. Read ``base.py`` first.
"""
