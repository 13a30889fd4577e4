"""
Trading calendars: when an exchange is open, from small files that the package brings along.

They serve alerting as time intervals and rules as the series ``calendar_open``. What an exchange
decides on the day itself is not known here. Read ``calendar.py`` first; ``data/`` is written by
``tools/calendars.py``.
"""
