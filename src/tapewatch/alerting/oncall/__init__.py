"""
On call: who is told now, and who is next.

``settings.py`` says who takes turns, ``rotation.py`` counts turns in a time zone, ``calendar.py``
reads and writes iCalendar files, ``roster.py`` lays covers over turns and answers who is on call.
Telling anybody is not done here; ``alerting/escalation`` does.
"""
