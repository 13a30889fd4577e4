"""
What a trading process imports: instruments that cost nanoseconds, written to memory.

Everything here writes into the process's *region*, a file in shared memory that the agent reads
from outside. Nothing opens a socket, starts a thread, waits for a lock, or raises once it is
bound; what could not be counted is itself counted. Nothing is formatted, sent or stored here: that
is the agent's work. Read ``instruments.py`` first, then ``region/__init__.py``.
"""

from tapewatch.sdk.instruments import Counter, Gauge, Histogram, Info, Note, State, Timer
from tapewatch.sdk.process import beat, beating, catch, promise, start, status, stop
from tapewatch.sdk.region.layout import Sections

__all__ = [
    "Counter",
    "Gauge",
    "Histogram",
    "Info",
    "Note",
    "Sections",
    "State",
    "Timer",
    "beat",
    "beating",
    "catch",
    "promise",
    "start",
    "status",
    "stop",
]
