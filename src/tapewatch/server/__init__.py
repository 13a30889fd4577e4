"""
One process: configuration, lifecycle and the HTTP faces.

What happens inside a signal lives with the signal; here its component is started, stopped, watched
and reached over HTTP. Read ``process.py`` first, then ``lifecycle.py``.
"""
