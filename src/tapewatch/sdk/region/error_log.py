"""
The log of distinct errors: what went wrong, how often, and when first and last.

One slot an error that differs in its type, its words or its place. When every slot is taken, the
one that was quiet longest makes room, and that is counted. An error is rare, so this is plain code.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from tapewatch.sdk.region.cells import Memory
from tapewatch.sdk.region.layout import ERROR, HEADER, Drop, text_field

_TEXT: Final = ERROR.field("text")


class ErrorLog:
    """The distinct errors of one region; ``clean`` takes out of a text what must not be kept."""

    def __init__(self, memory: Memory, clean: Callable[[str], str] = str) -> None:
        self._memory = memory
        self._start = memory.load(HEADER.offset("errors_offset"))
        self._slots = memory.load(HEADER.offset("errors_slots"))
        self.clean = clean
        self._known: dict[str, int] = {}

    def record(self, error: BaseException) -> None:
        """Count an error; never raises, whatever the error's own words do."""
        try:
            self._record(self.clean(describe(error)))
        except Exception:  # noqa: BLE001 - an error that cannot be told must not cause another
            self._memory.drop(Drop.BAD_ERROR)

    def _record(self, text: str) -> None:
        slot = self._known.get(text)
        if slot is not None and self._memory.load(slot + ERROR.offset("count")):
            self._count(slot)
        else:
            self._fill(text)

    def _count(self, slot: int) -> None:
        count_at = slot + ERROR.offset("count")
        self._memory.store(count_at, self._memory.load(count_at) + 1)
        self._memory.store(slot + ERROR.offset("last_realtime_ns"), time.time_ns())

    def _fill(self, text: str) -> None:
        slot, now_ns = self._free(), time.time_ns()
        data = text_field(text, _TEXT.size)
        memory = self._memory
        sequence = memory.load(slot) | 1
        memory.store(slot, sequence)
        memory.store(slot + ERROR.offset("count"), 1)
        memory.store(slot + ERROR.offset("first_realtime_ns"), now_ns)
        memory.store(slot + ERROR.offset("last_realtime_ns"), now_ns)
        memory.store(slot + ERROR.offset("length"), len(data))
        memory.write(slot + _TEXT.offset, data)
        memory.store(slot, sequence + 1)
        self._known = {known: at for known, at in self._known.items() if at != slot} | {text: slot}

    def _free(self) -> int:
        places = range(self._start, self._start + self._slots * ERROR.size, ERROR.size)
        last_at = ERROR.offset("last_realtime_ns")
        quietest = min(places, key=lambda slot: self._memory.load(slot + last_at))
        if self._memory.load(quietest):
            self._memory.drop(Drop.ERRORS_REPLACED)
        return quietest


def describe(error: BaseException) -> str:
    """Write an error's type, words and innermost place."""
    words = f"{type(error).__qualname__}: {error}"
    trace = _innermost(error.__traceback__)
    if trace is None:
        return words
    code = trace.tb_frame.f_code
    # The place comes first, so that long words do not push it out.
    return f"{code.co_filename}:{trace.tb_lineno} {code.co_name}: {words}"


def _innermost(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace
