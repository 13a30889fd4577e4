"""
Discovery: where targets come from.

Each mechanism is a module with its settings and a class whose ``groups`` yields what has changed,
as groups of label sets; a group replaces the one of the same source before it, and an empty group
takes it away. Nothing here relabels or scrapes. Read ``groups.py`` first, then ``static.py``.
"""
