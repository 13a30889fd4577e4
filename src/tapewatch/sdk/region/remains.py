"""
What processes that are gone have left: the newest few are kept for the post-mortem.

A region's file outlives its process on purpose, and memory is not without end. So each process
that makes a region removes, in its own folder, what older ones left. The agent keeps more, by its
own rules, where it runs.
"""

import os
from contextlib import suppress
from pathlib import Path

from tapewatch.sdk.region.file import SUFFIX
from tapewatch.sdk.region.identity import Identity
from tapewatch.sdk.region.layout import HEADER, MAGIC


def remove_remains(folder: Path, *, keep: int) -> int:
    """Remove the regions of processes that are gone, but for the newest; say how many."""
    gone = sorted((path for path in folder.glob(f"*{SUFFIX}") if is_left(path)), key=_age)
    removed = gone[: max(len(gone) - keep, 0)]
    for path in removed:
        with suppress(OSError):
            path.unlink()
    return len(removed)


def is_left(path: Path) -> bool:
    """Whether the region's process is gone; one that cannot be seen from here may be running."""
    try:
        with path.open("rb") as file:
            data = file.read(HEADER.size)
    except FileNotFoundError:
        return path.is_symlink()  # A sealed file is gone with its process; its link is not.
    except OSError:
        return False
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        return False
    header = HEADER.unpack(data)
    pid, ticks = header["pid"], header["process_start_ticks"]
    writer = Identity(pid, ticks, header["boot_id"], header["pid_namespace"])
    return not writer.foreign and writer.state in {"", "Z", "X"}


def _age(path: Path) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0
