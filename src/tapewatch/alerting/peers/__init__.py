"""
Two servers that share silences, acknowledgements and what was told.

``ledger.py`` keeps versioned records of which the last writer wins, ``peers.py`` turns what happens
here into records, takes over what happened there and says who sends first, ``link.py`` carries
records over HTTP. Losing one server, or the way between them, loses no message and doubles at most
those that were being sent; read ``peers.py`` first.
"""
