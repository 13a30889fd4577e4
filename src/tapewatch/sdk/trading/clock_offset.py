"""
How far our clock is from others, with the bound of the error.

    clocks = ClockOffset("chrony")
    clocks.chrony(output_of_chronyc_tracking)

    venue = ClockOffset("binance")
    venue.server_time(server_ms * 1_000_000, sent_ns, received_ns)

Offsets are ours minus the reference's, in seconds. A bound says how far the true offset may lie
from the one told: half the round trip for a venue's time, half the root delay and the root
dispersion for chrony. Nothing is asked for here; the program brings what it has read.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import time_ns
from typing import Final

from tapewatch.sdk.registry import Registry
from tapewatch.sdk.trading import metrics

_NS: Final = 1e-9
_SECOND_NS: Final = 1_000_000_000

_CHRONY_OFFSET: Final = re.compile(r"System time\s*:\s*([0-9.eE+-]+) seconds (fast|slow)")
_CHRONY_VALUE: Final = r"{}\s*:\s*([0-9.eE+-]+) seconds"
_CHRONY_DELAY: Final = re.compile(_CHRONY_VALUE.format("Root delay"))
_CHRONY_DISPERSION: Final = re.compile(_CHRONY_VALUE.format("Root dispersion"))
_CHRONY_LEAP: Final = re.compile(r"Leap status\s*:\s*(.+)")
_CHRONY_COLUMNS: Final = 14
_PTP_LOG: Final = re.compile(r"(?:master offset|offset)\s+(-?[0-9]+)\s+(s[0-3])\b")
_PTP_MANAGEMENT: Final = re.compile(r"offsetFromMaster\s+(-?[0-9.]+)")
_PTP_DELAY: Final = re.compile(r"meanPathDelay\s+(-?[0-9.]+)|path delay\s+(-?[0-9]+)")
_LOCKED: Final = "s2"


@dataclass(frozen=True, slots=True)
class Offset:
    """Our clock against another."""

    offset_s: float
    bound_s: float
    synchronised: bool


def read_chrony(text: str) -> Offset:
    """Read ``chronyc tracking``, with or without ``-c``; ``ValueError`` where it is neither."""
    if text.count(",") >= _CHRONY_COLUMNS - 1 and ":" not in text:
        return _read_chrony_columns(text.strip().split(","))
    offset = _CHRONY_OFFSET.search(text)
    delay, dispersion = _CHRONY_DELAY.search(text), _CHRONY_DISPERSION.search(text)
    leap = _CHRONY_LEAP.search(text)
    if offset is None or delay is None or dispersion is None:
        raise ValueError("no chronyc tracking report: it has no system time or no root delay")
    ahead_s = float(offset[1]) * (1 if offset[2] == "fast" else -1)
    synchronised = leap is not None and not leap[1].startswith("Not sync")
    return Offset(ahead_s, _chrony_bound_s(float(delay[1]), float(dispersion[1])), synchronised)


def _read_chrony_columns(columns: list[str]) -> Offset:
    # chronyc -c prints the correction that is still to come: above zero our clock is slow.
    offset_s, delay_s, dispersion_s = (float(columns[place]) for place in (4, 10, 11))
    bound_s = _chrony_bound_s(delay_s, dispersion_s)
    return Offset(-offset_s, bound_s, not columns[13].startswith("Not sync"))


def _chrony_bound_s(root_delay_s: float, root_dispersion_s: float) -> float:
    return root_dispersion_s + root_delay_s / 2


def read_ptp(text: str) -> Offset:
    """Read a line of ptp4l's log or an answer of ``pmc``; nanoseconds, ours minus the master's."""
    line = _PTP_LOG.search(text)
    delay = _PTP_DELAY.search(text)
    bound_s = abs(float(delay[1] or delay[2])) / 2 * _NS if delay is not None else 0.0
    if line is not None:
        return Offset(int(line[1]) * _NS, bound_s, line[2] == _LOCKED)
    told = _PTP_MANAGEMENT.search(text)
    if told is None:
        raise ValueError("no PTP report: it has neither 'master offset' nor 'offsetFromMaster'")
    return Offset(float(told[1]) * _NS, bound_s, True)


class ClockOffset:
    """
    One source of time to compare ours with.

    A venue's time is as good as the round trip that brought it, so of the last ``window_s``
    seconds the answer with the shortest one counts.
    """

    def __init__(
        self,
        source: str,
        *,
        window_s: float = 60.0,
        now_ns: Callable[[], int] = time_ns,
        registry: Registry | None = None,
    ) -> None:
        self._now_ns = now_ns
        self._window_ns = round(window_s * _SECOND_NS)
        self._trips: deque[tuple[int, Offset]] = deque(maxlen=64)
        self._offset = metrics.CLOCK_OFFSET.of(registry).bind(source=source)
        self._bound = metrics.CLOCK_BOUND.of(registry).bind(source=source)
        self._synchronised = metrics.CLOCK_SYNCHRONISED.of(registry).bind(source=source)
        self._checked = metrics.CLOCK_CHECKED.of(registry).bind(source=source)
        self._unreadable = metrics.CLOCK_UNREADABLE.of(registry).bind(source=source)

    def chrony(self, text: str) -> Offset | None:
        """Take in what ``chronyc tracking`` printed; None where it cannot be read."""
        return self._read(read_chrony, text)

    def ptp(self, text: str) -> Offset | None:
        """Take in a line of ptp4l's log, or what ``pmc`` printed; None where it cannot be read."""
        return self._read(read_ptp, text)

    def server_time(
        self, server_ns: int, sent_ns: int, received_ns: int, *, resolution_ns: int = 1_000_000
    ) -> Offset | None:
        """
        Take in a venue's own time, asked for at ``sent_ns`` and there at ``received_ns``.

        The venue read its clock at some time in between, so the bound is half the round trip and
        half of what the venue's time is rounded to. None where the times cannot be.
        """
        try:
            trip_ns = received_ns - sent_ns
            offset_ns = (sent_ns + received_ns) / 2 - server_ns
            bound_ns = (trip_ns + resolution_ns) / 2
        except TypeError:
            trip_ns = -1
        if trip_ns < 0:
            self._unreadable.inc()
            return None
        now_ns = self._now_ns()
        self._trips.append((now_ns, Offset(offset_ns * _NS, bound_ns * _NS, True)))
        recent = [each for at, each in self._trips if at > now_ns - self._window_ns]
        return self._tell(min(recent, key=lambda each: each.bound_s))

    def _read(self, read: Callable[[str], Offset], text: str) -> Offset | None:
        try:
            offset = read(text)
        except (AttributeError, IndexError, TypeError, ValueError):
            self._unreadable.inc()
            return None
        return self._tell(offset)

    def _tell(self, offset: Offset) -> Offset:
        self._offset.set(offset.offset_s)
        self._bound.set(offset.bound_s)
        self._synchronised.set(offset.synchronised)
        self._checked.set(self._now_ns() * _NS)
        return offset
