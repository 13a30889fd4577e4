"""
The sample trading floor: a small desk for each pack, and its faults, for whoever wants to see
Tapewatch work before their own processes are instrumented.

A floor is played, not measured: a seeded market leads to signals, orders, fills and positions, and
each service of a pack tells its part of them through the SDK. It trades with nobody and opens no
connection to the outside. Read ``floor.py`` first, then ``desk.py``, ``voices/`` and ``faults.py``.
"""
