"""
What a desk reads of regions beside numbers: which messages a feed lost, and who moved a switch.

Numbers say how many messages are missing; the ranges lie in the event ring, and the reason of a
kill switch in a note. Both are read when somebody asks. A file stays open and its ring is read on
from where it was left, so asking again costs a header.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from tapewatch.agent.finding import FileKey, find_file
from tapewatch.agent.process import READABLE_FAULTS
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.region.reader import Reader, Snapshot
from tapewatch.sdk.region.ring import Event, read_events
from tapewatch.sdk.trading.kill_switch import ARMED, TRIPPED, Reason
from tapewatch.sdk.trading.metrics import KILL_SWITCH, KILL_SWITCH_NOTE

GAPS_KEPT: Final = 500
"""So many gaps of a process are remembered; the oldest go first."""

_GAP_NAMES: Final = ("venue", "channel", "symbol", "first", "last")


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of a feed that did not come, from the first to the last number."""

    venue: str
    channel: str
    symbol: str
    first: int
    last: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A kill switch, and who moved it last."""

    name: str
    tripped: bool
    reason: Reason


@dataclass(slots=True)
class _File:
    """A region that is open, and how far its ring was read."""

    key: FileKey
    reader: Reader
    position: int = 0
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=GAPS_KEPT))


class DeskReader:
    """Reads gaps and switches of the regions that it is asked for."""

    def __init__(self) -> None:
        self._files: dict[Path, _File] = {}

    def gaps(self, path: Path) -> Sequence[Gap]:
        """Return the gaps of a process, the newest first; none where it cannot be read."""
        try:
            file = self._opened(path)
            _read_on(file)
        except READABLE_FAULTS:
            return ()
        return tuple(reversed(file.gaps))

    def switches(self, path: Path) -> Sequence[Switch]:
        """Return the kill switches of a process; none where it cannot be read."""
        try:
            reader = self._opened(path).reader
            return tuple(_switches(reader, reader.snapshot()))
        except READABLE_FAULTS:
            return ()

    def keep(self, paths: Sequence[Path]) -> None:
        """Let go of every file that is none of these."""
        for path in self._files.keys() - set(paths):
            self._files.pop(path).reader.close()

    def _opened(self, path: Path) -> _File:
        key = find_file(path).key
        file = self._files.get(path)
        if file is not None and file.key != key:
            # Another process has taken the name.
            self._files.pop(path).reader.close()
            file = None
        if file is None:
            file = self._files[path] = _File(key, Reader(path))
        return file


def _read_on(file: _File) -> None:
    claimed, ring = file.reader.ring()
    if claimed == file.position:
        return
    snapshot = file.reader.snapshot()
    formats = _gap_formats(snapshot.directory.formats)
    found = read_events(claimed, ring, file.position if file.position <= claimed else 0)
    file.position = found.next_position
    for event in found.events:
        gap = _gap(formats.get(event.format), event, snapshot)
        if gap is not None:
            file.gaps.append(gap)


def _gap_formats(formats: Mapping[int, str]) -> dict[int, EventFormat]:
    parsed = {number: _format(text) for number, text in formats.items()}
    return {
        number: each
        for number, each in parsed.items()
        if each.target == "feed" and each.names == _GAP_NAMES
    }


@lru_cache(maxsize=4096)
def _format(text: str) -> EventFormat:
    return EventFormat.parse(text)


def _gap(form: EventFormat | None, event: Event, snapshot: Snapshot) -> Gap | None:
    if form is None or len(event.arguments) != len(_GAP_NAMES):
        return None
    venue, channel, symbol, first, last = event.arguments
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    at_ns = snapshot.head.realtime_ns(event.monotonic_ns)
    return Gap(str(venue), str(channel), str(symbol), first, last, at_ns)


def _switches(reader: Reader, snapshot: Snapshot) -> Iterator[Switch]:
    notes = {
        each.labels.get("switch"): each
        for each in snapshot.series
        if each.family.name == KILL_SWITCH_NOTE.name
    }
    for each in snapshot.series:
        if each.family.name == KILL_SWITCH.name and each.family.states == (ARMED, TRIPPED):
            name = each.labels.get("switch")
            told = reader.note(notes[name]) if name in notes else ""
            yield Switch(name, snapshot.state(each) != ARMED, Reason.parse(told))
