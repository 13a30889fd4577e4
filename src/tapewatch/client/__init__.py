"""
Asking questions: of a server over HTTP, of a data directory at rest, of an engine in this process.

Whoever answers, the answer is one ``QueryResult``, which turns into Arrow, pandas and polars. It is
what ``tapewatch.query`` and the verbs of the command line stand on; it serves nobody. Read
``query.py`` first, then ``result.py``.
"""
