"""
What changed, and when: starts, configuration, catalog, and notes that people and pipelines leave.

The first question at an alert is what has changed. The newest notes lie in one file of the data
directory, which is replaced whole, so a note that was answered for is on disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import orjson

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.difference import differences
from tapewatch.store.files import write_whole

KEPT_MAX: Final = 1_000
DETAILS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that changed; ``details`` are lines for whoever wants to know more."""

    at_ns: int
    kind: str
    what: str
    by: str = ""
    link: str = ""
    details: tuple[str, ...] = ()


class Diary:
    """The notes of a server, the oldest first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._notes = list(_read(path))

    def note(self, note: Note) -> None:
        """Keep a note; it may be of a time that is over."""
        self._notes.append(note)
        self._notes.sort(key=lambda each: each.at_ns)
        del self._notes[:-KEPT_MAX]
        write_whole(
            self._path, b"".join(orjson.dumps(asdict(each)) + b"\n" for each in self._notes)
        )

    def notes(self, since_ns: int, until_ns: int, kinds: Sequence[str] = ()) -> list[Note]:
        """Return the notes of a time, the newest first."""
        return [
            each
            for each in reversed(self._notes)
            if since_ns <= each.at_ns <= until_ns and (not kinds or each.kind in kinds)
        ]


def _read(path: Path) -> Iterator[Note]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            told = orjson.loads(line)
            yield Note(**{**told, "details": tuple(told["details"])})
        except (orjson.JSONDecodeError, TypeError, KeyError):
            continue  # A line that was damaged costs that note alone.


def started(at_ns: int, version: str) -> Note:
    """Say that the server began."""
    return Note(at_ns, "start", f"Tapewatch {version} started")


def let_loose(at_ns: int, fault: str, lasts: str) -> Note:
    """Say that a drill let a fault loose."""
    return Note(at_ns, "fault", f"drill: {fault} for {lasts}")


def loaded(at_ns: int, changed: Iterable[str], waiting: Sequence[str]) -> Note:
    """Say which settings are others now; ``waiting`` take effect at the next start."""
    lines = sorted(changed)
    what = f"configuration: {', '.join(lines[:3])}" if lines else "configuration read, nothing new"
    if len(lines) > 3:
        what += f" and {len(lines) - 3} more"
    details = [each + (" (from the next start on)" if each in waiting else "") for each in lines]
    return Note(at_ns, "configuration", what, details=bounded(details))


def refused(at_ns: int, faults: Iterable[str]) -> Note:
    """Say that a new configuration was not taken."""
    return Note(at_ns, "refused", "configuration refused", details=bounded(faults))


def catalog_notes(at_ns: int, old: Iterable[Catalog], new: Iterable[Catalog]) -> Iterator[Note]:
    """Yield a note for each platform that came, went or is another than it was."""
    before = {each.platform.name: each for each in old}
    after = {each.platform.name: each for each in new}
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            word = "is watched now" if name in after else "is watched no more"
            yield Note(at_ns, "catalog", f"platform {name} {word}")
            continue
        lines = [" ".join(str(each).split()) for each in differences(before[name], after[name])]
        if lines:
            yield Note(
                at_ns, "catalog", f"platform {name}: {_counted(lines)}", details=bounded(lines)
            )


def bounded(lines: Iterable[str]) -> tuple[str, ...]:
    """Keep the first lines, and say how many more there were."""
    whole = list(lines)
    more = len(whole) - DETAILS_MAX
    return tuple(chain(whole[:DETAILS_MAX], [f"and {more} more"] if more > 0 else []))


def _counted(lines: Sequence[str]) -> str:
    return "1 change" if len(lines) == 1 else f"{len(lines)} changes"
