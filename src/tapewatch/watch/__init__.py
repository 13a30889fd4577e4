"""
Watching: rules and templates in, recorded series and alerts out.

Rules are evaluated when the samples they read land, besides their interval. What becomes of an
alert afterwards (routing, silences, messages) is `alerting`'s. Read ``alert.py`` first: it is what
leaves this part.
"""
