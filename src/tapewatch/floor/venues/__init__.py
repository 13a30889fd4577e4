"""
Venues on the loopback address: the rules by which an exchange refuses, to try a client against.

They are not exchanges: nothing is matched, and what they know is forgotten when they end. What they
hold to are limits, headers, refusals and bans as the venue documents them. Read ``limits.py`` for
the rules and ``binance.py`` for the protocol.
"""
