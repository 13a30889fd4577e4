"""
The declared platform: what a desk runs, measures, promises, watches and does about it.

A pack is a folder of YAML and Markdown; it is read into one frozen ``Catalog``, checked as no one
reads it by eye (``checks/``), and everything else is derived from it (``derive/``): rules, routes,
objectives, pages. Nothing here evaluates rules or sends messages. Read ``file.py`` first, which is
the format, then ``loading.py``.
"""
