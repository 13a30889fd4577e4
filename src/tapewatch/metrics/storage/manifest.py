"""
The manifest: which files make up the database, and from where the logs must be read.

It is replaced whole, so at any moment it tells of one consistent state. A file that it does not
name was being written, or was replaced, when the process ended: it is removed on start.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tapewatch.store.disk import Disk, write_file
from tapewatch.store.errors import FileDamaged
from tapewatch.store.log import START, Position

NAME: Final = "MANIFEST"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Samples that were deleted: of series that pass the matchers, in a range of time."""

    matchers: tuple[tuple[str, str, str], ...]
    """Kind, name and value of each."""
    first_ms: int
    last_ms: int
    before_file: int
    """Only files with smaller numbers can hold what was deleted."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, ``(after_ms, until_ms]``, that was summarised."""

    resolution_ms: int
    after_ms: int
    until_ms: int
    file: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """Samples that came when their time may have been summarised before."""

    first_ms: int
    last_ms: int
    before_file: int
    """Only summaries with smaller numbers can lack them."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of the database's files."""

    next_file: int = 1
    segments: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    series_file: int = 0
    next_number: int = 0
    next_lane: int = 0
    rows_from: Position = START
    series_from: Position = START
    tombstones: tuple[Tombstone, ...] = field(default=())
    summaries: tuple[Span, ...] = field(default=())
    arrivals: tuple[Arrival, ...] = field(default=())

    @property
    def files(self) -> set[int]:
        """The numbers of all files that belong to it."""
        summaries = (span.file for span in self.summaries)
        return {*self.segments, *self.blocks, *summaries, self.series_file} - {0}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder; a new folder has an empty one."""
    path = folder / NAME
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        return Manifest(
            next_file=int(told["next_file"]),
            segments=tuple(map(int, told["segments"])),
            blocks=tuple(map(int, told["blocks"])),
            series_file=int(told["series_file"]),
            next_number=int(told["next_number"]),
            next_lane=int(told["next_lane"]),
            rows_from=Position(*told["rows_from"]),
            series_from=Position(*told["series_from"]),
            tombstones=tuple(map(_read_tombstone, told["tombstones"])),
            summaries=tuple(Span(**each) for each in told.get("summaries", ())),
            arrivals=tuple(Arrival(**each) for each in told.get("arrivals", ())),
        )
    except FileNotFoundError:
        return Manifest()
    except (ValueError, KeyError, TypeError):
        raise FileDamaged(path, "it is not a manifest; restore it from a snapshot") from None


def _read_tombstone(told: dict[str, Any]) -> Tombstone:
    matchers = tuple((str(kind), str(name), str(value)) for kind, name, value in told["matchers"])
    return Tombstone(
        matchers, int(told["first_ms"]), int(told["last_ms"]), int(told["before_file"])
    )


def write_manifest(disk: Disk, folder: Path, manifest: Manifest) -> None:
    """Make ``manifest`` the state that a restart finds."""
    write_file(disk, folder / NAME, [json.dumps(asdict(manifest), indent=1).encode()])


def file_path(folder: Path, number: int) -> Path:
    """Return the path of one file of the database."""
    return folder / f"{number:08d}.tape"
