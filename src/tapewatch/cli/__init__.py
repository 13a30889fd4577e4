"""
The verbs: ``tapewatch NOUN VERB``.

Each noun is a module here and is imported when it is called, so ``tapewatch version`` does not pay
for the query engine. Every verb takes ``--json``; ``exits.py`` says what the statuses mean. Read
``main.py`` first.
"""
