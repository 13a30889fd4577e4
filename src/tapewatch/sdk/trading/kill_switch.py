"""
The kill switch: one cell that says whether trading is stopped.

    switch = KillSwitch("desk")
    if switch.tripped: ...                       # one load, before every order
    switch.trip("risk", "daily loss limit")

The cell lies in the process's own region, so whoever may write the region may trip the switch from
outside: an alert's action, an operator. The region's folder is open to its owner alone, so that is
the user the process runs as (and root), nobody else. The writer puts who and why into the note
first and moves the switch last.

The switch remembers; it stops nothing. And it is this process's: a forked child takes its parent's
state along, but a process that starts begins armed, so what must survive a restart has to be kept
by whoever tripped it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import time_ns
from typing import Final
from weakref import WeakSet

from tapewatch.sdk import events
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics

ARMED: Final = "armed"
TRIPPED: Final = "tripped"
_SEPARATOR: Final = "\t"


@dataclass(frozen=True, slots=True)
class Reason:
    """Who moved the switch last, why, and when."""

    who: str
    why: str
    at_ns: int

    def __str__(self) -> str:
        # The reason comes last, because a note is cut where it is too long.
        return _SEPARATOR.join((str(self.at_ns), _plain(self.who), _plain(self.why)))

    @classmethod
    def parse(cls, text: str) -> "Reason":
        """Read a note; one in another form is all reason and no name."""
        at, _, rest = text.partition(_SEPARATOR)
        who, separator, why = rest.partition(_SEPARATOR)
        if not separator or not at.isdecimal():
            return cls("", text, 0)
        return cls(who, why, int(at))


class KillSwitch:
    """One switch, by its name; two objects of one name are the same switch."""

    def __init__(
        self,
        name: str = "trading",
        *,
        now_ns: Callable[[], int] = time_ns,
        registry: Registry | None = None,
    ) -> None:
        self.name = name
        self._now_ns = now_ns
        self._state = metrics.KILL_SWITCH.of(registry).bind(switch=name)
        self._note = metrics.KILL_SWITCH_NOTE.of(registry).bind(switch=name)
        self._trips = metrics.KILL_SWITCH_CHANGES.of(registry).bind(switch=name, to=TRIPPED)
        self._arms = metrics.KILL_SWITCH_CHANGES.of(registry).bind(switch=name, to=ARMED)
        self._moved = events.declare(
            "{switch} is {state} by {who}: {why}", level="WARN", target="kill_switch"
        )
        self._carried = ("", "")
        _switches.add(self)

    @property
    def tripped(self) -> bool:
        """Whether trading is to stop; a cell that holds nonsense counts as tripped."""
        return self._state.state != ARMED

    @property
    def reason(self) -> Reason:
        """Who moved it last, and why."""
        return Reason.parse(self._note.text)

    def trip(self, who: str, why: str) -> None:
        """Stop trading."""
        self._move(TRIPPED, who, why)
        self._trips.inc()

    def arm(self, who: str, why: str) -> None:
        """Let trading go on."""
        self._move(ARMED, who, why)
        self._arms.inc()

    def _move(self, state: str, who: str, why: str) -> None:
        self._note.set(str(Reason(who, why, self._now_ns())))
        self._state.set(state)
        events.push(self._moved, self.name, state, str(who), str(why))

    def begin_fork(self) -> None:
        """Keep what a forked child, whose region begins at zero, has to take along."""
        self._carried = (self._state.state, self._note.text)

    def end_fork_in_child(self) -> None:
        """Go on in the state of the parent."""
        state, note = self._carried
        if state != ARMED:
            self._note.set(note)
            self._state.set(TRIPPED)


def _plain(text: object) -> str:
    return str(text).replace(_SEPARATOR, " ")[:100]


_switches: "WeakSet[KillSwitch]" = WeakSet()


def _begin_fork() -> None:
    for switch in _switches:
        switch.begin_fork()


def _end_fork_in_child() -> None:
    # The region registered before us, so it is the child's own by now.
    for switch in _switches:
        switch.end_fork_in_child()


os.register_at_fork(before=_begin_fork, after_in_child=_end_fork_in_child)
