"""
Kill switches seen and moved from outside: what an alert's action and an operator use.

Nothing here runs in the trading process. A region's file can be opened for writing by the user it
belongs to and by root, so these are who may trip a switch; a region that cannot be written says so.
"""

import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.region.layout import NOTE, text_field
from tapewatch.sdk.region.reader import Reader, SeriesSeen, Snapshot, Standing
from tapewatch.sdk.trading.kill_switch import ARMED, TRIPPED, Reason
from tapewatch.sdk.trading.metrics import KILL_SWITCH, KILL_SWITCH_NOTE

_LABEL: Final = "switch"


@dataclass(frozen=True, slots=True)
class SwitchSeen:
    """One switch of a region."""

    name: str
    tripped: bool
    reason: Reason
    standing: Standing
    """How the process is that would have to look at it."""


def switches(path: Path) -> list[SwitchSeen]:
    """List the switches of a region."""
    with Reader(path) as reader:
        snapshot = reader.snapshot()
        standing = snapshot.head.standing()
        notes = {each.labels.get(_LABEL): each for each in _series(snapshot, KILL_SWITCH_NOTE.name)}
        return [
            SwitchSeen(
                name := each.labels.get(_LABEL),
                snapshot.state(each) != ARMED,
                Reason.parse(reader.note(notes[name])) if name in notes else Reason("", "", 0),
                standing,
            )
            for each in _series(snapshot, KILL_SWITCH.name)
        ]


def trip(path: Path, switch: str, *, who: str, why: str) -> Standing:
    """Trip a switch of a region; says how the process is that has to notice."""
    return _move(path, switch, TRIPPED, who, why)


def arm(path: Path, switch: str, *, who: str, why: str) -> Standing:
    """Let a process trade again."""
    return _move(path, switch, ARMED, who, why)


def _move(path: Path, switch: str, state: str, who: str, why: str) -> Standing:
    with Reader(path) as reader:
        snapshot = reader.snapshot()
    cell = _find(snapshot, KILL_SWITCH.name, switch, path)
    note = _find(snapshot, KILL_SWITCH_NOTE.name, switch, path)
    place = float(cell.family.states.index(state))
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        reason = f"the switch {switch!r} cannot be moved ({error.strerror})"
        raise RegionUnreadable(str(path), reason) from None
    try:
        now_ns = time.time_ns()
        _write_note(descriptor, note.value_offset, str(Reason(who, why, now_ns)), now_ns)
        # The cell comes last: whoever sees it moved finds the reason there.
        os.pwrite(descriptor, struct.pack("<d", place), cell.value_offset)
    finally:
        os.close(descriptor)
    return snapshot.head.standing()


def _write_note(descriptor: int, at: int, text: str, now_ns: int) -> None:
    field = NOTE.field("text")
    data = text_field(text, field.size)
    (sequence,) = struct.unpack("<Q", os.pread(descriptor, 8, at))
    os.pwrite(descriptor, struct.pack("<Q", sequence | 1), at)
    os.pwrite(descriptor, struct.pack("<qQ", now_ns, len(data)), at + NOTE.offset("realtime_ns"))
    os.pwrite(descriptor, data, at + field.offset)
    os.pwrite(descriptor, struct.pack("<Q", (sequence | 1) + 1), at)


def _find(snapshot: Snapshot, metric: str, switch: str, path: Path) -> SeriesSeen:
    found = {each.labels.get(_LABEL): each for each in _series(snapshot, metric)}
    if switch not in found:
        names = ", ".join(sorted(found)) or "none"
        raise RegionUnreadable(str(path), f"it has no switch {switch!r}; its switches are {names}")
    return found[switch]


def _series(snapshot: Snapshot, metric: str) -> list[SeriesSeen]:
    return [each for each in snapshot.series if each.family.name == metric]
