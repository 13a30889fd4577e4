"""
What each service makes of a message: its words, and what it would not take.

Every reader takes what came and returns a ``Letter``; what breaks a documented limit is a fault of
the letter, what the service could not read at all raises ``Unreadable``.
"""
