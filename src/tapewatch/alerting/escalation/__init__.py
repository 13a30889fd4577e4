"""
Escalation: who is told next when nobody answers.

``case.py`` is what is known of alerts that wait for an answer together, ``escalator.py`` climbs the
steps of each case. Where a case stands is in the book, so a restart goes on where it was.
"""
