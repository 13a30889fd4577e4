"""
What the signals share on disk.

The data directory with its lock and version, files that are written whole or not at all, and the
write-ahead log. A signal's own layout (index, blocks, segments) lives with the signal. Read
``directory.py`` first; ``docs/format.md`` draws every file.
"""
