"""
Bytes to model and back.

Every protocol that Tapewatch speaks is read and written here, and nothing else is done: no
socket is opened, nothing is stored, no series is relabelled. A body that is wrong raises one of
the errors in ``errors.py`` and yields nothing. Read ``exposition/__init__.py`` first.
"""
