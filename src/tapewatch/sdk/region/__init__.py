"""
The region: one pre-allocated file in shared memory that a process writes its numbers to.

``layout.py`` draws the bytes; read it first. ``file.py`` makes the file, ``region.py`` appends to
its directory, ``cells.py`` (compiled, with a readable twin) is what runs in the trading path, and
``reader.py`` reads the bytes back from outside without touching the writer. How a process in
another language writes one is told in ``docs/region.md``.
"""
