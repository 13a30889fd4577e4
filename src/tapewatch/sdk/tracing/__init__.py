"""
Traces of a trading process: W3C context in and out, and spans around the steps of an order.

``context.py`` holds the trace at hand and reads and writes its headers; ``operation.py`` times a
step, into the region's ring or through OpenTelemetry where the program uses it. Sending spans
anywhere is the agent's work. Read ``context.py`` first.
"""

from tapewatch.sdk.tracing.context import Trace, accept, accepted, current, inject
from tapewatch.sdk.tracing.operation import Operation, exemplar, use_opentelemetry

__all__ = [
    "Operation",
    "Trace",
    "accept",
    "accepted",
    "current",
    "exemplar",
    "inject",
    "use_opentelemetry",
]
