"""
Go's text templates, read once and rendered often: the language of annotations and of messages.

A template reaches nothing but what it is handed: its data, its functions, and the names that
classes of ours define. It cannot run long or grow large either: ``limits.py`` ends it. Read
``template.py`` first; a text becomes ``lex.py``'s tokens, ``parse.py``'s statements
(``statements.py``) and expressions (``expressions.py``), which render themselves.
"""
