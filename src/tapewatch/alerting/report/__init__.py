"""
The quality report: how good the alerts of a time were, from the history alone.

``questions.py`` asks the book, ``report.py`` puts the answers together, ``markdown.py`` writes them
for people.
"""
