"""Examining a database's files at rest: every checksum, every name, nothing changed."""

from collections.abc import Iterator
from pathlib import Path

from tapewatch.metrics.storage.manifest import Manifest, file_path, read_manifest
from tapewatch.metrics.storage.segment import PageCache, Segment
from tapewatch.store.errors import FileDamaged
from tapewatch.store.log import Damage, read


def examine(folder: Path) -> Iterator[str]:
    """Yield everything that is wrong with the files of a database."""
    try:
        manifest = read_manifest(folder)
    except FileDamaged as fault:
        yield str(fault)
        return
    yield from _tapes(folder, manifest)
    for name, since in (("series", manifest.series_from), ("rows", manifest.rows_from)):
        for each in read(folder / name, since):
            if isinstance(each, Damage) and not each.torn:
                place = f"{each.path.relative_to(folder)} at byte {each.offset}"
                yield f"{place}: {each.length} bytes cannot be read; the rest can"


def _tapes(folder: Path, manifest: Manifest) -> Iterator[str]:
    for number in sorted(manifest.files):
        path = file_path(folder, number)
        if not path.exists():
            yield f"{path.name} is missing: restore it from a snapshot"
            continue
        try:
            yield from Segment(path, PageCache(0), number).verify()
        except FileDamaged as fault:
            yield str(fault)
    for path in sorted(folder.glob("*.tape")):
        if int(path.stem) not in manifest.files:
            yield f"{path.name} is named by no manifest; the next start removes it"
