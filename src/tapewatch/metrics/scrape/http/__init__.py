"""
HTTP/1.1 as a scraper needs it: one request at a time over a connection that is kept.

``answer.py`` reads an answer from bytes as they come (it knows no socket), ``connection.py`` dials,
through proxies and TLS, ``client.py`` puts the request together, follows redirects and keeps idle
connections. It is not a browser: no cookies, no cache, no HTTP/2. Read ``client.py`` first.
"""
