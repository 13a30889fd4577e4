"""
What runs in the trading path: cells of a region, and the handles that write them.

This is the readable twin of ``cells_fast.pyx``. It leans on CPython for whole operations: between
reading a cell and writing it back there is no call and no jump, so neither another thread nor a
signal handler comes between.

A handle never raises. What it cannot count it counts in the cell of its reason (``Drop``).
"""

import mmap
import struct
import time
from bisect import bisect_left
from math import frexp, inf
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from tapewatch.sdk.region.layout import (
    ARGUMENTS_MAX,
    CLASSIC,
    EVENT_BYTES_MAX,
    EXEMPLAR,
    HEADER,
    HISTOGRAM,
    SLOT,
    SLOT_CONTINUED,
    Argument,
    Drop,
    SlotState,
    drop_offset,
)

GUARDED: Final = False
"""Whether a file that is cut off under the writer is survived; here it kills the process."""

_WORD: Final = 8
_HALF_BOUNDS: Final = [2.0 ** (step / 8) / 2 for step in range(8)]
_POPULATE: Final[int] = getattr(mmap, "MAP_POPULATE", 0)
_INTEGERS: Final = range(-(1 << 63), 1 << 63)
_DROPS: Final = drop_offset(Drop(0)) // _WORD

HandleT = TypeVar("HandleT")

clock_ns = time.monotonic_ns


class Memory:
    """
    The bytes of one region, at an address that outlives every change of what lies behind it.

    It begins as private memory. ``replace`` puts a file behind it, ``detach`` private memory
    again; handles go on in either case, and know nothing of it.
    """

    __slots__ = ("_bytes", "doubles", "size", "words")

    def __init__(self, size: int) -> None:
        self.size = size
        self._view(mmap.mmap(-1, size))

    def _view(self, memory: mmap.mmap) -> None:
        # The mapping lives as long as a view of it.
        self._bytes = memoryview(memory)
        self.words = self._bytes.cast("q")
        self.doubles = self._bytes.cast("d")

    def replace(self, descriptor: int) -> None:
        """Put a file of the same size behind the bytes, with what it holds."""
        self._view(mmap.mmap(descriptor, self.size, flags=mmap.MAP_SHARED | _POPULATE))

    def detach(self, *, keep: bool = True) -> None:
        """Put private memory behind the bytes, with what they were unless told otherwise."""
        private = mmap.mmap(-1, self.size)
        if keep:
            private[:] = self._bytes
        self._view(private)

    @property
    def lost(self) -> bool:
        """Whether the file was cut off, so that nobody reads any more what is written."""
        return False

    def read(self, at: int, size: int) -> bytes:
        """Copy bytes out."""
        return bytes(self._bytes[at : at + size])

    def write(self, at: int, data: bytes) -> None:
        """Copy bytes in."""
        self._bytes[at : at + len(data)] = data

    def load(self, at: int) -> int:
        """Read one word."""
        return self.words[at // _WORD]

    def store(self, at: int, value: int) -> None:
        """Write one word, after everything that was written before."""
        self.words[at // _WORD] = value

    def load_double(self, at: int) -> float:
        """Read one double."""
        return self.doubles[at // _WORD]

    def store_double(self, at: int, value: float) -> None:
        """Write one double."""
        self.doubles[at // _WORD] = value

    def drop(self, reason: int) -> None:
        """Count that something was not counted."""
        self.words[_DROPS + reason] += 1


def as_number(value: Any) -> float:
    """Read what is like a number; text is not, though Python would read it."""
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError("text is no number")
    return float(value)


class CounterHandle:
    """One series of a counter."""

    __slots__ = ("_at", "_memory")

    def __init__(self, memory: Memory, offset: int) -> None:
        self._memory = memory
        self._at = offset // _WORD

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``, which must not be below zero."""
        try:
            if 0.0 <= amount < inf:
                self._memory.doubles[self._at] += amount
            else:
                self._memory.drop(Drop.NEGATIVE if amount < 0 else Drop.NOT_FINITE)
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            self._inc_other(amount)

    def _inc_other(self, amount: Any) -> None:
        try:
            number = as_number(amount)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)
        else:
            self.inc(number)

    @property
    def value(self) -> float:
        """What the cell holds."""
        return self._memory.doubles[self._at]


class GaugeHandle:
    """One series of a gauge."""

    __slots__ = ("_at", "_memory")

    def __init__(self, memory: Memory, offset: int) -> None:
        self._memory = memory
        self._at = offset // _WORD

    def set(self, value: float) -> None:
        """Put ``value`` in the place of the one before."""
        try:
            self._memory.doubles[self._at] = value
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            self._set_other(value)

    def _set_other(self, value: Any) -> None:
        try:
            self._memory.doubles[self._at] = as_number(value)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``."""
        try:
            self._memory.doubles[self._at] += as_number(amount)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)

    def dec(self, amount: float = 1.0) -> None:
        """Take ``amount`` away."""
        try:
            self._memory.doubles[self._at] -= as_number(amount)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)

    def set_to_current_time(self) -> None:
        """Put the time of now in, in seconds of Unix time."""
        self._memory.doubles[self._at] = time.time()

    @property
    def value(self) -> float:
        """What the cell holds; another process may have written it."""
        return self._memory.doubles[self._at]


class StateHandle:
    """One series of a state: which of the names declared is the present one."""

    __slots__ = ("_at", "_memory", "_places", "states")

    def __init__(self, memory: Memory, offset: int, states: tuple[str, ...]) -> None:
        self._memory = memory
        self._at = offset // _WORD
        self._places = {state: float(place) for place, state in enumerate(states)}
        self.states = states

    def set(self, state: str) -> None:
        """Say which state it is now."""
        try:
            self._memory.doubles[self._at] = self._places[state]
        except Exception:  # noqa: BLE001 - not declared, or whatever its hash raises
            self._memory.drop(Drop.UNKNOWN_STATE)

    @property
    def state(self) -> str:
        """Which state it is; another process may have written it."""
        place = self._memory.doubles[self._at]
        return self.states[int(place)] if 0 <= place < len(self.states) else ""


class HistogramHandle:
    """One series of a native histogram."""

    __slots__ = (
        "_above",
        "_below",
        "_count",
        "_first",
        "_head",
        "_memory",
        "_negative",
        "_offset",
        "_positive",
        "_signed",
        "_threshold",
        "unit_ns",
    )

    def __init__(
        self,
        memory: Memory,
        offset: int,
        index_low: int,
        bucket_count: int,
        signed: bool,
        unit_ns: float,
    ) -> None:
        self._memory = memory
        self._offset = offset
        self._head = offset // _WORD
        self._above = (offset + HISTOGRAM.offset("above")) // _WORD
        self._below = (offset + HISTOGRAM.offset("below")) // _WORD
        self._positive = (offset + HISTOGRAM.size) // _WORD
        self._negative = self._positive + bucket_count
        self._count = bucket_count
        self._signed = signed
        # ``frexp`` gives fractions from 0.5, one octave below the schema's.
        self._first = index_low + 8
        self._threshold = 2.0 ** ((index_low - 1) // 8)
        self.unit_ns = unit_ns

    def observe(self, value: float, exemplar: bytes | None = None) -> None:
        """Count ``value``; ``exemplar`` is a trace id of 16 bytes, or one and a span id of 8."""
        try:
            if self._threshold < value < inf:
                memory = self._memory
                fraction, exponent = frexp(value)
                place = exponent * 8 + bisect_left(_HALF_BOUNDS, fraction) - self._first
                at = self._positive + place if place < self._count else self._above
                memory.words[at] += 1
                doubles = memory.doubles
                doubles[self._head] += value
                if value > doubles[self._head + 2]:
                    doubles[self._head + 2] = value
            else:
                self._observe_rest(value)
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            self._observe_other(value)
        if exemplar is not None:
            self._keep(exemplar, value)

    def _observe_rest(self, value: float) -> None:
        if not -inf < value < inf:
            self._memory.drop(Drop.NOT_FINITE)
        elif value < 0 and not self._signed:
            self._memory.drop(Drop.NEGATIVE)
        elif value >= -self._threshold:
            self._count_beside(self._head + 3, value)
        else:
            self._observe_negative(value)

    def _observe_negative(self, value: float) -> None:
        fraction, exponent = frexp(-value)
        place = exponent * 8 + bisect_left(_HALF_BOUNDS, fraction) - self._first
        self._count_beside(self._negative + place if place < self._count else self._below, value)

    def _count_beside(self, at: int, value: float) -> None:
        self._memory.words[at] += 1
        doubles = self._memory.doubles
        doubles[self._head] += value
        if value < doubles[self._head + 1]:
            doubles[self._head + 1] = value
        if value > doubles[self._head + 2]:
            doubles[self._head + 2] = value

    def _observe_other(self, value: Any) -> None:
        try:
            number = as_number(value)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)
        else:
            self.observe(number)

    def _keep(self, exemplar: Any, value: Any) -> None:
        try:
            if not isinstance(exemplar, bytes):
                raise TypeError(exemplar)
            keep_exemplar(self._memory, self._offset, exemplar, float(value))
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.BAD_EXEMPLAR)

    def since(self, start_ns: int) -> None:
        """Count the time since ``start_ns`` (of ``clock_ns``), in the histogram's unit."""
        try:
            self.observe((clock_ns() - start_ns) / self.unit_ns)
        except TypeError:
            self._memory.drop(Drop.NOT_A_NUMBER)

    def time(self) -> "Timing":
        """Time a ``with`` block, or decorate a function or a coroutine function."""
        return Timing(self)

    @property
    def sum(self) -> float:
        """The sum of what was observed."""
        return self._memory.doubles[self._head]

    @property
    def count(self) -> int:
        """How many values were observed."""
        words, sides = self._memory.words, 2 if self._signed else 1
        buckets = words[self._positive : self._positive + sides * self._count]
        return sum(buckets) + sum(words[self._head + 3 : self._head + 6])


class ClassicHandle:
    """One series of a classic histogram, or of a summary where there are no bounds."""

    __slots__ = ("_bounds", "_counts", "_memory", "_offset", "_sum")

    def __init__(self, memory: Memory, offset: int, bounds: tuple[float, ...]) -> None:
        self._memory = memory
        self._offset = offset
        self._sum = offset // _WORD
        self._counts = (offset + CLASSIC.size) // _WORD
        self._bounds = bounds

    def observe(self, value: float, exemplar: bytes | None = None) -> None:
        """Count ``value``; ``exemplar`` is a trace id of 16 bytes, or one and a span id of 8."""
        try:
            if -inf < value < inf:
                memory = self._memory
                at = self._counts + bisect_left(self._bounds, value)
                memory.words[at] += 1
                memory.doubles[self._sum] += value
            else:
                self._memory.drop(Drop.NOT_FINITE)
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            self._observe_other(value)
        if exemplar is not None:
            self._keep(exemplar, value)

    def _observe_other(self, value: Any) -> None:
        try:
            number = as_number(value)
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.NOT_A_NUMBER)
        else:
            self.observe(number)

    def _keep(self, exemplar: Any, value: Any) -> None:
        try:
            if not isinstance(exemplar, bytes):
                raise TypeError(exemplar)
            keep_exemplar(self._memory, self._offset, exemplar, float(value))
        except Exception:  # noqa: BLE001 - as above
            self._memory.drop(Drop.BAD_EXEMPLAR)

    @property
    def sum(self) -> float:
        """The sum of what was observed."""
        return self._memory.doubles[self._sum]

    @property
    def counts(self) -> list[int]:
        """How many values lie up to each bound and above the one before; last, above them all."""
        return self._memory.words[self._counts : self._counts + len(self._bounds) + 1].tolist()


class Timing:
    """A block or a function whose time is observed, also when it fails."""

    __slots__ = ("_handle", "_start_ns")

    def __init__(self, handle: HistogramHandle) -> None:
        self._handle = handle
        self._start_ns = 0

    def __enter__(self) -> Self:
        self._start_ns = clock_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._handle.since(self._start_ns)

    def __call__(self, function: Any) -> Any:
        from tapewatch.sdk.region.timing import timed

        return timed(self._handle, function)


def keep_exemplar(memory: Memory, owner: int, exemplar: bytes, value: float) -> None:
    """Write an exemplar into the slot of its histogram and octave, over the one before."""
    if len(exemplar) not in (16, 24):
        raise ValueError(exemplar)
    slots = memory.load(HEADER.offset("exemplars_slots"))
    octave = frexp(value)[1]
    slot = ((owner >> 6) * 31 + octave) & (slots - 1)
    at = memory.load(HEADER.offset("exemplars_offset")) + slot * EXEMPLAR.size
    sequence = memory.load(at) | 1
    memory.store(at, sequence)
    memory.store(at + EXEMPLAR.offset("value_offset"), owner)
    memory.store_double(at + EXEMPLAR.offset("value"), value)
    memory.store(at + EXEMPLAR.offset("realtime_ns"), time.time_ns())
    memory.write(at + EXEMPLAR.offset("trace_id"), exemplar.ljust(24, b"\0"))
    memory.store(at, sequence + 1)


class Ring:
    """The event ring: the newest events of the process, over the oldest."""

    __slots__ = ("_mask", "_memory", "_next", "_start")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._next = HEADER.offset("ring_next") // _WORD
        self._start = memory.load(HEADER.offset("ring_offset"))
        self._mask = memory.load(HEADER.offset("ring_slots")) - 1

    def push(self, *event: Any) -> None:
        """Write one event: the number of its format, then up to 7 numbers, texts or None."""
        try:
            types, payload = encode_event(event[1:])
            head = event[0].to_bytes(4, "little") + types.to_bytes(4, "little")
        except Exception:  # noqa: BLE001 - whatever an object raises must not reach the trading path
            self._memory.drop(Drop.BAD_EVENT)
            return
        self._write(head, payload)

    def _write(self, head: bytes, payload: bytes) -> None:
        memory = self._memory
        room, more = SLOT.field("payload").size, SLOT_CONTINUED.field("payload").size
        count = 1 + -(-max(len(payload) - room, 0) // more)
        position = memory.words[self._next]
        memory.words[self._next] = position + count
        at = self._slot(position, SlotState.WRITING)
        for extra in range(1, count):
            begin = room + more * (extra - 1)
            place = self._slot(position + extra, SlotState.WRITING)
            memory.write(place + 8, payload[begin : begin + more])
            self._slot(position + extra, SlotState.CONTINUED)
        memory.store(at + 8, clock_ns())
        memory.write(at + 16, head + payload[:room])
        self._slot(position, SlotState.HEAD)

    def _slot(self, position: int, state: int) -> int:
        at = self._start + (position & self._mask) * SLOT.size
        self._memory.store(at, position * 4 + state)
        return at

    @property
    def position(self) -> int:
        """How many slots were ever claimed."""
        return self._memory.words[self._next]


def encode_event(arguments: tuple[Any, ...]) -> tuple[int, bytes]:
    """Write arguments as the ring holds them: four bits a type, and their bytes in a row."""
    if len(arguments) > ARGUMENTS_MAX:
        raise ValueError(f"{len(arguments)} arguments; an event has {ARGUMENTS_MAX} at most")
    types, payload = 0, b""
    for place, argument in enumerate(arguments):
        kind, data = _encode_argument(argument, EVENT_BYTES_MAX - len(payload))
        types |= kind << (4 * place)
        payload += data
    return types, payload


def _encode_argument(argument: Any, room: int) -> tuple[int, bytes]:
    if argument is None:
        return Argument.ABSENT, b""
    if isinstance(argument, (str, bytes)):
        return _encode_text(argument, room)
    if room < _WORD:
        return Argument.ABSENT, b""
    if isinstance(argument, int) and argument in _INTEGERS:
        return Argument.INTEGER, argument.to_bytes(8, "little", signed=True)
    return Argument.NUMBER, struct.pack("<d", as_number(argument))


def _encode_text(text: str | bytes, room: int) -> tuple[int, bytes]:
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if room < 1:
        return Argument.ABSENT, b""
    kept = data[: min(room - 1, 255)]
    return Argument.TEXT if len(kept) == len(data) else Argument.CUT_TEXT, bytes([len(kept)]) + kept


class Bindable(Generic[HandleT]):
    """An instrument's series by their label values: the lookup of the trading path."""

    __slots__ = ("children",)

    children: dict[tuple[Any, ...], HandleT]

    def labels(self, *values: str) -> HandleT:
        """Find the series of these label values, given in the order declared; never raises."""
        try:
            return self.children[values]
        except Exception:  # noqa: BLE001 - not found, or whatever a value's hash raises
            return self.find(values)

    def find(self, values: tuple[Any, ...]) -> HandleT:
        """Make the series, or give the one that stands for those that cannot be made."""
        raise KeyError(values)
