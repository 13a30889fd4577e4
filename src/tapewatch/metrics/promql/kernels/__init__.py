"""
Kernels: free functions on plain arrays, compiled where a compiler was at hand.

Each ``thing_fast.pyx`` has its readable twin ``thing_pure.py``, which is the definition; ``thing``
picks one of them. Samples come as rows laid end to end: row ``r`` of the flat ``values`` begins at
``offsets[r]``, and so it is with ``times`` unless the rows share theirs (``shared``), which then
stand there once. The window of step ``s`` is ``[lows[b, s], highs[b, s])``, counted from the
beginning of the row, with ``b`` 0 where the rows share their times, else the row; neither border
ever falls from one step to the next. Results go into ``out[row, step]``; what a cell without
enough samples holds means nothing. Read ``windows.py`` first.
"""
