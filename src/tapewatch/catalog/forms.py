"""
The small texts of a catalog beside durations: shares, guards and windows.

Each is an ``Annotated`` alias as in ``document/types.py``, so the reader finds how to read it.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from tapewatch.document.types import TextForm
from tapewatch.model.durations import format_duration_ms, parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.model.numbers import format_float_go, parse_float

ALWAYS: Final = "always"
_NAME: Final = r"[A-Za-z0-9_/.-]+"
_GUARD = re.compile(rf"({_NAME}) (open|closed)(?: for ([0-9a-z]+))?")
_WINDOW = re.compile(rf"([0-9a-z]+)(?: of ({_NAME}))?")


@dataclass(frozen=True, slots=True)
class Guard:
    """A calendar's state outside of which an alert does not fire, whatever its expression says."""

    calendar: str
    state: str = "open"
    settled_ms: int = 0
    """How long the state must have lasted already; for what is normal right after the open."""

    def to_plain(self) -> str:
        """Write it back, also where it may be left out."""
        return str(self)

    def __str__(self) -> str:
        if self.calendar == ALWAYS:
            return ALWAYS
        settled = f" for {format_duration_ms(self.settled_ms)}" if self.settled_ms else ""
        return f"{self.calendar} {self.state}{settled}"


@dataclass(frozen=True, slots=True)
class ObjectiveWindow:
    """The time over which a promise holds; with a calendar, only its sessions count."""

    duration_ms: int
    calendar: str = ""

    def __str__(self) -> str:
        of = f" of {self.calendar}" if self.calendar else ""
        return f"{format_duration_ms(self.duration_ms)}{of}"


def parse_share(text: str) -> float:
    """Read ``99.5%`` or ``0.995`` as 0.995."""
    share = parse_float(text.removesuffix("%").strip())
    if text.endswith("%"):
        share = round(share / 100, 12)
    if not 0 <= share <= 1:
        raise BadText("share", text, "write a share between 0% and 100%, as in 99.5%")
    return share


def format_share(share: float) -> str:
    """Write a share in percent; ``parse_share`` reads it back."""
    return f"{format_float_go(round(share * 100, 10))}%"


def parse_guard(text: str) -> Guard:
    """Read ``XNYS open``, ``XNYS open for 5m`` or ``always``."""
    if text == ALWAYS:
        return Guard(ALWAYS)
    match = _GUARD.fullmatch(text.strip())
    if match is None:
        raise BadText("guard", text, "write a calendar and its state, as in XNYS open for 5m")
    calendar, state, settled = match.groups()
    return Guard(calendar, state, parse_duration_ms(settled) if settled else 0)


def parse_window(text: str) -> ObjectiveWindow:
    """Read ``30d``, or ``30d of XNYS`` for the sessions of thirty days."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise BadText("window", text, "write a duration, as in 30d or 30d of XNYS")
    duration_ms = parse_duration_ms(match[1])
    if duration_ms == 0:
        raise BadText("window", text, "a promise needs some time to hold, as in 30d")
    return ObjectiveWindow(duration_ms, match[2] or "")


SHARE: Final = TextForm("a share such as 99.5%", parse_share, format_share, examples=("99.5%",))
GUARD: Final = TextForm(
    "a calendar and its state: XNYS open, XNYS open for 5m, or always",
    parse_guard,
    str,
    examples=("XNYS open", "XNYS open for 5m", ALWAYS),
)
WINDOW: Final = TextForm(
    "a duration, or the sessions of a calendar within it",
    parse_window,
    str,
    examples=("30d", "30d of XNYS"),
)

Share = Annotated[float, SHARE]
CalendarGuard = Annotated[Guard, GUARD]
Window = Annotated[ObjectiveWindow, WINDOW]
