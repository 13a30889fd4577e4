"""
Remote write 1.0 and 2.0: what Prometheus and its kind push to another store.

``content`` says from the headers which of the two a body is; ``decode.WriteDecoder`` reads bodies
into columns and knows series again from request to request; ``encode`` writes both versions, to
forward and to test. Read ``request.py`` first.
"""
