"""
Log lines of a trading process: JSON with the order and the trace they belong to, nothing secret.

``handler.py`` serves the standard library's ``logging``, ``processor.py`` structlog; both write
the line of ``line.py`` from what ``context.py`` knows of the order at hand, cleaned by
``sdk/redaction.py``. Shipping and storing lines is not done here.
"""

from tapewatch.sdk.logs.context import bound, fields_now
from tapewatch.sdk.logs.handler import LineHandler, RingHandler
from tapewatch.sdk.logs.processor import LineRenderer
from tapewatch.sdk.redaction import Redactor

__all__ = ["LineHandler", "LineRenderer", "Redactor", "RingHandler", "bound", "fields_now"]
