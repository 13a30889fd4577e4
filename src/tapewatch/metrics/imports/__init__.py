"""
Reading the past: files of samples that somebody else wrote.

Every reader yields ``Batch``es, columns of samples, and names what it could not read by file and
place; what becomes of them is ``writing.py``'s, or that of whoever sends them to a server. Read
``batch.py`` first, then ``formats.py``.

* ``exposition`` reads OpenMetrics and the text format, every line with its time.
* ``frames`` reads tables, long or wide, from ``delimited`` text and ``parquet``.
* ``tsdb`` reads the blocks of Prometheus' own storage.
"""
