"""Where lines go: the end of a file, or standard output."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

STANDARD_OUTPUT: Final = "-"


class LineSink:
    """Appends lines to a file that others may read, move away or empty meanwhile."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.written = 0
        self.lost = 0
        self.last_error = ""

    @property
    def path(self) -> Path | None:
        """The file, where it is one."""
        return None if self.target == STANDARD_OUTPUT else Path(self.target)

    def write(self, lines: Sequence[str]) -> None:
        """Write the lines whole; what cannot be written is counted, and why is kept."""
        if not lines:
            return
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        try:
            self._append(data)
        except OSError as error:
            self.last_error = f"{self.target}: {error.strerror or error}"
            self.lost += len(lines)
        else:
            self.written += len(lines)

    def _append(self, data: bytes) -> None:
        path = self.path
        if path is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        # Opened each time, so that a file that was rotated away is let go of.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
