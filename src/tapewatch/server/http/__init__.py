"""
HTTP below the faces: listening, limits, authentication, request ids and the shape of errors.

Every layer is a plain ASGI wrapper, outermost first in ``app.py``, which is the file to read first.
"""
