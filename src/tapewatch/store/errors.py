"""
What can go wrong on disk.

* TapewatchError
  - StoreError
    - DirectoryInUse: another process holds the data directory
    - DirectoryUnusable: it cannot be made, read or written
    - DirectoryForeign: it was written by a version we cannot read, or it is not ours
    - DiskFull: there is no room; what was there stays readable
    - DiskFailed: the operating system could not write or sync
    - FileDamaged: a finished file does not hold what was written to it
"""

from pathlib import Path

from tapewatch.model.errors import TapewatchError


class StoreError(TapewatchError):
    """Something is wrong with what lies on disk."""


class DirectoryInUse(StoreError):
    """Another process holds the data directory."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(path, holder)
        self.path = path
        self.holder = holder

    def __str__(self) -> str:
        return (
            f"the data directory {self.path} is in use by {self.holder}: "
            "stop that process, or choose another directory with --data"
        )


class DirectoryUnusable(StoreError):
    """The data directory cannot be made, read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the data directory {self.path} cannot be used ({self.reason}): "
            "give yourself the right to write there, or choose another one with --data"
        )


class DirectoryForeign(StoreError):
    """The directory holds something that this version does not know."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"the data directory {self.path} {self.reason}"


class DiskFull(StoreError):
    """There is no room on the disk; nothing of the write was kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"the disk is full, {self.path} was not written: make room, writing goes on by itself"
        )


class DiskFailed(StoreError):
    """The operating system could not write or sync."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} cannot be written ({self.reason})"


class FileDamaged(StoreError):
    """A finished file does not hold what was written to it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} is damaged: {self.reason}"
