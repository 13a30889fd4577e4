"""
The book: one SQLite file with everything of alerting that must outlive the process.

The state machine works in memory and writes changes here; a batch of changes is whole on disk or
not there at all, and nothing is acknowledged or sent before its batch is. ``book.py`` keeps the
file, ``schema.py`` draws its tables, ``history.py`` is the trail of what happened. Deciding is
not done here.
"""
