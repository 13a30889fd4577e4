"""
The data directory: one process at a time, with a version.

``TAPEWATCH`` says what the directory is and in which layout; ``LOCK`` is held for as long as the
process lives and names it, so the kernel gives the directory free when the process dies, however
it dies. Each signal keeps its own folder beside them.
"""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tapewatch.model.durations import format_time_ns
from tapewatch.store.errors import DirectoryForeign, DirectoryInUse, DirectoryUnusable
from tapewatch.store.files import size_of, write_whole

LAYOUT: Final = 1
VERSION_FILE: Final = "TAPEWATCH"
LOCK_FILE: Final = "LOCK"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the version file says."""

    layout: int
    id: str
    created: str
    writer: str


@dataclass(slots=True)
class DataDirectory:
    """An open data directory; ``close`` gives it back."""

    path: Path
    identity: Identity
    _lock: int | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: Path, *, now_ns: int, writer: str) -> Self:
        """Make or open the directory and lock it; nothing is left behind when that fails."""
        path = path.absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = _lock(path)
        except OSError as fault:
            raise DirectoryUnusable(path, _reason(fault)) from None
        try:
            identity = _read_identity(path) or _create(path, now_ns=now_ns, writer=writer)
        except OSError as fault:
            os.close(lock)
            raise DirectoryUnusable(path, _reason(fault)) from None
        except DirectoryForeign:
            os.close(lock)
            raise
        return cls(path, identity, lock)

    def folder(self, name: str) -> Path:
        """Return the folder of one signal, made where it is missing."""
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    def free_bytes(self) -> int:
        """Return how much room the disk has left for us."""
        return shutil.disk_usage(self.path).free

    def close(self) -> None:
        """Give the directory free for another process."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class FolderReport:
    """How much one folder of the directory holds."""

    name: str
    file_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DirectoryReport:
    """What ``data info`` tells; reading it takes no lock, so it works beside a running server."""

    path: Path
    identity: Identity
    in_use_by: str | None
    folders: tuple[FolderReport, ...]
    free_bytes: int


Check = Callable[[Path], Iterator[str]]
"""Examines one signal's folder at rest and yields what is wrong with it."""


def inspect(path: Path) -> DirectoryReport:
    """Read what a data directory holds."""
    path = path.absolute()
    identity = _known_identity(path)
    folders = [
        FolderReport(folder.name, *size_of(folder))
        for folder in sorted(path.iterdir())
        if folder.is_dir()
    ]
    return DirectoryReport(
        path, identity, holder_of(path), tuple(folders), shutil.disk_usage(path).free
    )


def check(path: Path, checks: dict[str, Check]) -> list[str]:
    """Examine a data directory at rest; ``checks`` knows each signal's folder by name."""
    path = path.absolute()
    _known_identity(path)
    found = [
        f"{leftover.relative_to(path)} was left by a write that did not finish; it can be removed"
        for leftover in sorted(path.rglob("*.new"))
    ]
    for name, examine in checks.items():
        if (path / name).is_dir():
            found.extend(f"{name}: {fault}" for fault in examine(path / name))
    return found


def holder_of(path: Path) -> str | None:
    """Say which process holds the directory, or None."""
    try:
        descriptor = os.open(path / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor)
    finally:
        os.close(descriptor)
    return None


def _lock(path: Path) -> int:
    descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise DirectoryInUse(path, holder) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
    return descriptor


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "another process"


def _known_identity(path: Path) -> Identity:
    if not path.is_dir():
        raise DirectoryUnusable(path, "it does not exist")
    identity = _read_identity(path)
    if identity is None:
        raise DirectoryForeign(path, f"is not a data directory: it has no {VERSION_FILE} file")
    return identity


def _read_identity(path: Path) -> Identity | None:
    try:
        text = (path / VERSION_FILE).read_bytes()
    except FileNotFoundError:
        return None
    return _parse_identity(path, text)


def _parse_identity(path: Path, text: bytes) -> Identity:
    try:
        told: dict[str, Any] = json.loads(text)
        identity = Identity(
            int(told["layout"]), str(told["id"]), str(told["created"]), str(told["writer"])
        )
    except (ValueError, KeyError, TypeError):
        reason = f"has a damaged {VERSION_FILE} file: restore it from a backup of the directory"
        raise DirectoryForeign(path, reason) from None
    if identity.layout != LAYOUT:
        reason = (
            f"has layout {identity.layout} (written by {identity.writer}), "
            f"this version reads layout {LAYOUT}: use that version, or another directory"
        )
        raise DirectoryForeign(path, reason)
    return identity


def _create(path: Path, *, now_ns: int, writer: str) -> Identity:
    strangers = [
        each.name for each in path.iterdir() if each.name not in (LOCK_FILE, f"{VERSION_FILE}.new")
    ]
    if strangers:
        reason = (
            f"is not empty and not ours (it holds {strangers[0]}): choose another one with --data"
        )
        raise DirectoryForeign(path, reason)
    identity = Identity(LAYOUT, str(uuid.uuid4()), format_time_ns(now_ns), writer)
    told = {
        "layout": identity.layout,
        "id": identity.id,
        "created": identity.created,
        "writer": identity.writer,
    }
    write_whole(path / VERSION_FILE, json.dumps(told, indent=2).encode() + b"\n")
    return identity


def _reason(fault: OSError) -> str:
    return fault.strerror or str(fault)
