"""Files that are there whole or not at all, also after the power fails."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``; a reader, and a restart, see the old file or the new one."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names inside ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size_of(folder: Path) -> tuple[int, int]:
    """Return how many files ``folder`` holds, at any depth, and their bytes in all."""
    count = total = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                count, total = count + 1, total + path.stat().st_size
        except FileNotFoundError:
            continue  # Someone removed it meanwhile: compaction does.
    return count, total
