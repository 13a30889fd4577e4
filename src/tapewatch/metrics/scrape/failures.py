"""The log of failed scrapes that a job may ask for: one JSON object a line."""

import logging
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import orjson

log = logging.getLogger(__name__)


class FailureLog:
    """A file that lines are added to; it is opened for each, so it may be moved away."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @staticmethod
    @cache
    def at(path: Path | None) -> "FailureLog":
        """Return the log at ``path``; without one, nothing is written."""
        return FailureLog(path)

    def write(self, time_ms: int, job: str, url: str, reason: str) -> None:
        """Add a line; a log that cannot be written is told of in our own."""
        if self._path is None:
            return
        time = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": "ERROR", "job_name": job, "target": url, "error": reason}
        try:
            with self._path.open("ab") as file:
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as fault:
            log.warning(
                "scrape failure log not written",
                extra={"path": str(self._path), "fault": fault.strerror},
            )
