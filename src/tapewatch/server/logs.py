"""
The server's own log: one JSON object a line, or words for a person at a terminal.

Any keyword given as ``extra`` becomes a field. The id of the request being answered is joined in,
so every line that a request caused can be found.
"""

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, Literal, TextIO

from tapewatch.model.durations import format_time_ns

request_id: ContextVar[str] = ContextVar("request_id", default="")

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_COLOURS: Final = {"debug": "2", "info": "36", "warning": "33", "error": "31", "critical": "31;1"}


def set_up(
    *, level: str, form: Literal["auto", "json", "pretty"], stream: TextIO | None = None
) -> None:
    """Send every logger's lines to ``stream`` (standard error) in the chosen form."""
    stream = stream or sys.stderr
    terminal = stream.isatty()
    pretty = form == "pretty" or (form == "auto" and terminal)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PrettyForm(coloured=terminal) if pretty else JsonForm())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These tell of every request or every wake-up; ours tell what matters of it.
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("uvicorn", "uvicorn.error", "asyncio", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


class JsonForm(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "timestamp": format_time_ns(int(record.created * 1e9) // 1_000 * 1_000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str, ensure_ascii=False)


class PrettyForm(logging.Formatter):
    """A line for a person: the time, the level, the words, the fields."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__()
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        clock = self.formatTime(record, "%H:%M:%S") + f".{int(record.msecs):03d}"
        fields = " ".join(f"{key}={_show(value)}" for key, value in fields_of(record).items())
        line = f"{clock} {self._paint(level, f'{level:<7}')} {_one_line(record.getMessage())}"
        if fields:
            line += f"  {self._paint('debug', fields)}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def _paint(self, level: str, text: str) -> str:
        return f"\x1b[{_COLOURS.get(level, '0')}m{text}\x1b[0m" if self._coloured else text


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what was said beside the message, with the id of the request."""
    fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    current = request_id.get()
    if current:
        fields.setdefault("request_id", current)
    return fields


def _show(value: Any) -> str:
    text = _one_line(str(value))
    return f'"{text}"' if " " in text or not text else text


def _one_line(text: str) -> str:
    # A hostile value must not forge a second line, nor move the cursor of a terminal.
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
