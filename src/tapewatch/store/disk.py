"""
The one door to the disk for everything that must survive.

The log, the segments and the manifests reach files through a ``Disk``, so a test can hand in one
that loses what was not synced, fills up, or fails to sync, and see what is left.
"""

import errno
import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from tapewatch.store.errors import DiskFailed, DiskFull
from tapewatch.store.files import sync_folder

Buffer: TypeAlias = Any
"""Anything that lends its bytes: bytes, a memoryview, an array."""


class File(Protocol):
    """A file that is being written from its start to its end."""

    @property
    def size(self) -> int:
        """How many bytes were written."""
        ...

    def write(self, parts: Sequence[Buffer]) -> None:
        """Append the parts, all of them or (with an error) none."""
        ...

    def sync(self) -> None:
        """Return when everything written survives a power loss."""
        ...

    def close(self) -> None:
        """Give the file back; does not sync."""
        ...


class Disk(Protocol):
    """What the store asks of a disk."""

    def create(self, path: Path) -> File:
        """Make a new file; one that is there already is replaced."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its final name."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file; one that is gone already is fine."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in the folder survive a power loss."""
        ...


class RealFile:
    """A file of the operating system."""

    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with _told(path):
            self._descriptor = os.open(path, flags, 0o644)
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    def write(self, parts: Sequence[Buffer]) -> None:
        views = [memoryview(part).cast("B") for part in parts if memoryview(part).nbytes]
        total = sum(view.nbytes for view in views)
        try:
            with _told(self._path):
                _write_all(self._descriptor, views)
        except (DiskFull, DiskFailed):
            # Half a frame must not stand before the next one.
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            raise
        self._size += total

    def sync(self) -> None:
        with _told(self._path):
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class RealDisk:
    """The operating system's disk."""

    def create(self, path: Path) -> File:
        return RealFile(path)

    def rename(self, old: Path, new: Path) -> None:
        with _told(new):
            old.replace(new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        with _told(folder):
            sync_folder(folder)


def write_file(disk: Disk, path: Path, parts: Sequence[Buffer]) -> None:
    """Make ``path`` hold ``parts``, durably, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    file = disk.create(beside)
    try:
        file.write(parts)
        file.sync()
    finally:
        file.close()
    disk.rename(beside, path)
    disk.sync_folder(path.parent)


def map_file(path: Path) -> memoryview:
    """Map a finished file into memory for reading; an empty file is an empty view."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def forget_pages(mapped: memoryview) -> None:
    """Let the kernel take back the pages of a mapped file; they are read again when needed."""
    if isinstance(mapped.obj, mmap.mmap):
        mapped.obj.madvise(mmap.MADV_DONTNEED)


class _told:  # noqa: N801  # Reads as a word in the with statement.
    """Turns errors of the operating system into ours, with the path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> None:
        if isinstance(fault, OSError):
            if fault.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(self._path) from None
            raise DiskFailed(self._path, fault.strerror or str(fault)) from None


def _write_all(descriptor: int, views: list[memoryview]) -> None:
    while views:
        written = os.writev(descriptor, views[:1000])
        while views and written >= views[0].nbytes:
            written -= views.pop(0).nbytes
        if views and written:
            views[0] = views[0][written:]
