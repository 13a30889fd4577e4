"""
What a service of the floor says in words: lines of JSON, as any process with our SDK writes them.

A line goes to a file of its service or to the standard output, by the time of the floor and without
secrets. Where nobody wants lines, nothing is written.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

from tapewatch.sdk.logs.line import render
from tapewatch.sdk.redaction import Redactor

STANDARD_OUTPUT: Final = "-"


class Journal:
    """The log of one service."""

    def __init__(self, target: str, now_s: Callable[[], float], stream: TextIO | None) -> None:
        self._target = target
        self._now_s = now_s
        self._stream = stream
        self._redactor = Redactor()

    def info(self, message: str, **fields: object) -> None:
        """Say what happened."""
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Say what should not happen."""
        self._write("WARN", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Say what must not happen."""
        self._write("ERROR", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        if self._stream is not None:
            told = {"message": message, **fields}
            line = render(self._redactor, round(self._now_s() * 1e9), level, self._target, told)
            self._stream.write(line + "\n")

    def flush(self) -> None:
        """Let readers see what was written."""
        if self._stream is not None:
            self._stream.flush()

    def close(self) -> None:
        """Write no more."""
        if self._stream not in (None, sys.stdout):
            self._stream.close()
        self._stream = None


def stream_of(logs: str, desk: str, service: str) -> TextIO | None:
    """Open where a service's lines go: a file below the folder ``logs``, ``-`` or nowhere."""
    if not logs:
        return None
    if logs == STANDARD_OUTPUT:
        return sys.stdout
    folder = Path(logs)
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{desk}-{service}.log").open("a", encoding="utf-8")
