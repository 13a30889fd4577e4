"""
How metrics are kept: a log, a head in memory, segments and blocks on disk.

``database.py`` is the whole of it from outside, and the file to read first; then ``head.py`` (what
has just arrived, lane by lane), ``segment.py`` (stripes on disk), ``series.py`` (which series is
which) and ``gather.py`` (how the pieces of a series become one answer). Nothing here knows PromQL
or HTTP. ``docs/format.md`` draws every file.
"""
