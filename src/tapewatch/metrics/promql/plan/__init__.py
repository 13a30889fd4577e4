"""
Plans: from the tree of a query to operators.

Passes simplify the tree one after the other (``passes.py``), under a runner that can leave one
out, times them and checks the tree after each (``runner.py``); ``build.py`` then makes the
operators, and ``explain.py`` shows them. Read ``runner.py`` first.
"""
