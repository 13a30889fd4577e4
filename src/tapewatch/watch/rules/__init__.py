"""
Rules: expressions that are evaluated again and again, as Prometheus' rule files say them.

It does not decide who is told of an alert. Read ``files.py`` first (what a file may say), then
``states.py`` (the life of an alert), ``rule.py`` (one evaluation) and ``group.py`` (one turn).
"""
