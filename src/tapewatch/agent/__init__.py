"""
What reads regions from outside: finds them, takes their numbers, notices who died, tells others.

``regions.Regions`` knows the processes of some folders; ``process.Process`` is one of them;
``plan.Plan`` says once, for a directory that does not change, where every number lies, and
``frame.Frame`` takes them all by it. ``exposition`` and ``push`` tell other systems, ``events``
makes lines of the event ring, ``desk`` finds gaps and switches, ``post_mortem`` keeps the last
state of who died.

Nothing here writes into a region, listens on a port or knows a database: the server does. Read
``plan.py`` first, then ``process.py``.
"""
