"""
Making the file behind a region, so that nothing can go wrong with it later.

It is allocated in full, so a full file system is an error now and not a signal later. It lies on a
file system in memory, because a store to a page that is on its way to a disk can wait for
milliseconds. Its folder belongs to one user alone. A sealed file without a name (``sealed``)
cannot be cut off by anybody, but dies with the last process that holds it.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tapewatch.sdk.errors import RegionUnusable

SUFFIX: Final = ".region"
SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - shared memory is what this is about
_MOUNTS: Final = Path("/proc/self/mountinfo")
_IN_MEMORY: Final = {"tmpfs", "ramfs", "hugetlbfs"}
_FOLDER_REMEDY: Final = "name a folder on a tmpfs with TAPEWATCH_REGION_FOLDER"


class Place(NamedTuple):
    """Where a region's file is to lie, and what is accepted of the place."""

    folder: Path
    on_disk: bool = False
    sealed: bool = False


class RegionFile(NamedTuple):
    """An open file behind a region and the name under which readers find it."""

    path: Path
    descriptor: int
    sealed: bool


def default_folder() -> Path:
    """The folder of this user's regions."""
    return SHARED_MEMORY / f"tapewatch-{os.getuid()}"


def create(place: Place, stem: str, size: int) -> RegionFile:
    """Make a file of ``size`` zeros in a folder that was prepared, or say why it cannot be."""
    make = _create_sealed if place.sealed else _create_named
    try:
        return make(place.folder, stem, size)
    except OSError as error:
        raise RegionUnusable(place.folder, _reason(error, size), _remedy(error)) from None


def prepare_folder(place: Place) -> None:
    """Make the folder for this user alone, or refuse one that is not."""
    folder = place.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = folder.lstat()
    except OSError as error:
        raise RegionUnusable(folder, error.strerror or str(error), _FOLDER_REMEDY) from None
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid() or told.st_mode & 0o077:
        raise RegionUnusable(
            folder,
            "it does not belong to this user alone",
            f"remove it, or `chown {os.getuid()}` and `chmod 700` it: others could change it",
        )
    if not place.on_disk and not place.sealed:
        _refuse_disk(folder)


def _refuse_disk(folder: Path) -> None:
    kind = file_system(folder)
    if kind not in _IN_MEMORY:
        raise RegionUnusable(
            folder,
            f"it lies on {kind}, where a store can wait for a disk",
            f"{_FOLDER_REMEDY}, or accept stalls of milliseconds with TAPEWATCH_REGION_ON_DISK=1",
        )


def file_system(path: Path) -> str:
    """The kind of file system that ``path`` lies on, as the system's list of mounts says."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "an unknown file system"
    for line in lines:
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return "an unknown file system"


def _create_named(folder: Path, stem: str, size: int) -> RegionFile:
    path, descriptor = _open_new(folder, stem)
    try:
        _allocate(descriptor, size)
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return RegionFile(path, descriptor, sealed=False)


def _open_new(folder: Path, stem: str) -> tuple[Path, int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    return _first_free(folder, stem, lambda path: os.open(path, flags, 0o600))


def _first_free(folder: Path, stem: str, make: Callable[[Path], int]) -> tuple[Path, int]:
    # A process may make several: one an interpreter, and one anew after it lost the first.
    number = 0
    while True:
        path = folder / f"{stem}{f'-{number}' if number else ''}{SUFFIX}"
        try:
            return path, make(path)
        except FileExistsError:
            number += 1


def _create_sealed(folder: Path, stem: str, size: int) -> RegionFile:
    descriptor = os.memfd_create(stem, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _allocate(descriptor, size)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        path = _link(folder, stem, f"/proc/{os.getpid()}/fd/{descriptor}")
    except OSError:
        os.close(descriptor)
        raise
    return RegionFile(path, descriptor, sealed=True)


def _link(folder: Path, stem: str, target: str) -> Path:
    def make(path: Path) -> int:
        path.symlink_to(target)
        return 0

    return _first_free(folder, stem, make)[0]


def _allocate(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        # Written rather than truncated to size: no page may be missing later.
        os.write(descriptor, bytes(size))


def _reason(error: OSError, size: int) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{os.strerror(error.errno)}: it takes {size:,} bytes"
    return error.strerror or str(error)


def _remedy(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        return "raise the limit on file sizes (`ulimit -f`), or make the region smaller"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room there (a container may need --shm-size), or make the region smaller"
    return _FOLDER_REMEDY


def sealable() -> bool:
    """Whether this system has files without a name that can be sealed."""
    return hasattr(os, "memfd_create") and hasattr(fcntl, "F_ADD_SEALS")
