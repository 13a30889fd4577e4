"""Finding regions: the files of some folders that may be one."""

import os
import resource
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tapewatch.sdk.region.file import SHARED_MEMORY, SUFFIX, default_folder

FOUND_MAX: Final = 10_000
"""A folder with more regions than this is not read to its end."""


class FileKey(NamedTuple):
    """Which file it is, whatever its name."""

    device: int
    inode: int


class Found(NamedTuple):
    """A file that may be a region."""

    path: Path
    key: FileKey
    changed_ns: int


def default_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the regions of this user lie; those of every user where root asks."""
    named = environment.get("TAPEWATCH_REGION_FOLDER")
    if named:
        return (Path(named),)
    if os.geteuid() == 0 and SHARED_MEMORY.is_dir():
        others = SHARED_MEMORY.glob("tapewatch-[0-9]*")
        return tuple(sorted({default_folder(), *others}))
    return (default_folder(),)


def find(folders: Iterable[Path]) -> Iterator[Found]:
    """Yield the regions of the folders; a folder that is not there has none."""
    for folder in folders:
        with suppress(OSError):
            yield from _in_folder(folder)


def _in_folder(folder: Path) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(SUFFIX)]
    for name in sorted(names)[:FOUND_MAX]:
        path = folder / name
        with suppress(OSError):
            told = path.stat()
            # A link may lead anywhere, and to open a pipe would wait for ever.
            if stat.S_ISREG(told.st_mode):
                yield Found(path, FileKey(told.st_dev, told.st_ino), told.st_mtime_ns)


def find_file(path: Path) -> Found:
    """Name one file as if it had been found."""
    told = path.stat()
    return Found(path, FileKey(told.st_dev, told.st_ino), told.st_mtime_ns)


def allow_many_files() -> None:
    """Raise this process's limit of open files as far as it may: every region is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
