"""
The last processor of a structlog chain: its event as our JSON line.

    structlog.configure(processors=[structlog.stdlib.add_log_level, LineRenderer()])

structlog is not imported here, so a process that does not use it does not pay for it.
"""

import time
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from tapewatch.sdk.logs.line import render
from tapewatch.sdk.redaction import Redactor

_BY_DEFAULT: Final = Redactor()
# What processors that run before may have put into the event, and where it belongs in the line.
_LEVEL_KEYS: Final = ("level", "log_level")
_TARGET_KEYS: Final = ("logger", "target", "logger_name")


class LineRenderer:
    """Render structlog's event; ``redactor=None`` hides nothing."""

    def __init__(
        self,
        *,
        redactor: Redactor | None = _BY_DEFAULT,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.redactor = redactor
        self._now_ns = now_ns

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        """Write the line; what is bound to the logger is a field like any other."""
        fields = dict(event)
        message = fields.pop("event", "")
        level = _first(fields, _LEVEL_KEYS) or method
        target = _first(fields, _TARGET_KEYS) or getattr(logger, "name", "") or ""
        # A time that an earlier processor wrote is in its own form; ours stands for it.
        fields.pop("timestamp", None)
        error = fields.pop("exception", None)
        if error is not None:
            fields["stack"] = error
        told = {"message": message, **fields}
        return render(self.redactor, self._now_ns(), _level(str(level)), str(target), told)


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    found = [fields.pop(name) for name in names if name in fields]
    return found[0] if found else None


def _level(name: str) -> str:
    return {"EXCEPTION": "ERROR", "WARN": "WARN"}.get(name.upper(), name.upper())
