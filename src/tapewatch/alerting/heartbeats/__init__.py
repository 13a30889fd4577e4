"""
The watcher is watched: signs of life to somebody outside, who pages when they stop.

``chain.py`` says whether everything between a sample and a message works, ``heartbeat.py`` tells
services outside, ``watchdog.py`` keeps an alert firing for those who listen, ``digest.py``
writes once a day that all is well. A sign of life is only given while the whole chain works.
"""
