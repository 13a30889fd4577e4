"""
Handlers for the standard library's ``logging``.

``LineHandler`` writes JSON lines to a stream. ``RingHandler`` writes into the region's ring: no
system call, no lock of its own, a message cut to about 200 bytes, formatted by whoever reads the
region; it is the one for loggers that the trading path calls. Neither raises: a record that cannot
be written is counted in ``log_records_dropped_total``.
"""

import logging
from collections.abc import Callable
from typing import Final, TextIO

from tapewatch.sdk import events
from tapewatch.sdk.instruments import Counter
from tapewatch.sdk.logs.line import LEVELS, render
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.redaction import Redactor

_NS: Final = 1_000_000_000
_OWN: Final = vars(logging.LogRecord("", 0, "", 0, "", None, None))
_STANDARD: Final = frozenset(_OWN) | {"message", "asctime"}
_BY_DEFAULT: Final = Redactor()

DROPPED: Final = Counter(
    "log_records_dropped_total", "Log records that a handler could not write", labels=("handler",)
)


class LineHandler(logging.StreamHandler[TextIO]):
    """Write each record as one JSON line; ``redactor=None`` hides nothing."""

    def __init__(
        self, stream: TextIO | None = None, *, redactor: Redactor | None = _BY_DEFAULT
    ) -> None:
        super().__init__(stream)
        self.redactor = redactor
        self._dropped = DROPPED.bind(handler="line")

    def format(self, record: logging.LogRecord) -> str:
        """Write the record's line."""
        timestamp_ns = round(record.created * _NS)
        return render(self.redactor, timestamp_ns, record.levelname, record.name, _fields(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 # Its name.
        """Count the record."""
        self._dropped.inc()


class RingHandler(logging.Handler):
    """Write each record into the ring: level, logger and message."""

    def __init__(self, *, redactor: Redactor | None = _BY_DEFAULT) -> None:
        super().__init__()
        self.redactor = redactor
        self._dropped = DROPPED.bind(handler="ring")
        self._push: Callable[..., None] = REGISTRY.ring.push
        self._formats: dict[tuple[str, str], int] = {}

    def createLock(self) -> None:  # noqa: N802 # The name that ``logging`` calls.
        """Have none: the ring needs no lock."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Push the record; its logger is part of the format, so only the message is copied."""
        try:
            message = record.getMessage()
            if self.redactor:
                message = self.redactor.text(message)
            self._push(self._format_of(record), message)
        except Exception:  # noqa: BLE001 # Whatever a record raises must not reach the caller.
            self._dropped.inc()

    def _format_of(self, record: logging.LogRecord) -> int:
        key = (record.levelname, record.name)
        number = self._formats.get(key)
        if number is None:
            level = LEVELS.get(record.levelname, record.levelname)
            number = events.declare("{message}", level=level, target=record.name)
            self._formats[key] = number
        return number


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = {"message": record.getMessage()}
    told = vars(record)
    if len(told) > len(_OWN):
        fields |= {name: value for name, value in told.items() if name not in _STANDARD}
    if record.exc_info and record.exc_info[0] is not None:
        fields["error"] = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        fields["stack"] = logging.Formatter().formatException(record.exc_info)
    return fields
