"""The readable twin of ``digits_fast.pyx``."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from tapewatch.model.errors import BadText
from tapewatch.model.numbers import format_float

# Anything with the buffer protocol, numpy's arrays too; typing can say so from Python 3.12 on.
Buffer: TypeAlias = Any

_NUMBER = re.compile(
    rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?|nan",
    re.IGNORECASE,
)
_INFINITE: Final = (float("inf"), float("-inf"))

format_double = format_float


def parse_double(text: bytes) -> float:
    """Read a decimal number, ``Inf`` or ``NaN``; the double nearest to it is the result."""
    if _NUMBER.fullmatch(text) is None:
        raise bad_number(text)
    value = float(text)
    if value in _INFINITE and text[-1:].isdigit():
        raise bad_number(text)
    return value


def bad_number(text: bytes) -> BadText:
    """Say what is wrong with ``text``."""
    remedy = "write it as 12, 1.5e-3, +Inf, -Inf or NaN, no larger than 1.8e308"
    return BadText("number", text.decode(errors="replace"), remedy)


def format_doubles(values: Buffer, separator: bytes = b",") -> bytes:
    """Write the doubles of a buffer one after the other."""
    return separator.join(format_float(value).encode() for value in _doubles(values))


def encode_points(timestamps_ms: Buffer, values: Buffer, present: Buffer | None = None) -> bytes:
    """Write one series as ``PointsWriter.row`` does."""
    writer = PointsWriter(timestamps_ms)
    writer.row(values, present)
    return writer.take()


class PointsWriter:
    """
    Writes the rows of a matrix as the Prometheus API shows points: ``[[1435781430.781,"1"],…]``.

    The timestamps are written once, when the writer is built.
    """

    def __init__(self, timestamps_ms: Buffer) -> None:
        self._stamps = [f"[{_seconds(time_ms)}," for time_ms in memoryview(timestamps_ms)]
        self._parts: list[bytes] = []

    def raw(self, text: bytes) -> None:
        """Append ``text`` as it is."""
        self._parts.append(text)

    def row(self, values: Buffer, present: Buffer | None = None) -> int:
        """Append the points of one series, without those not ``present``; return their number."""
        row = _doubles(values)
        mask: Iterable[int] = [1] * len(row) if present is None else memoryview(present).cast("B")
        if len(row) != len(self._stamps):
            raise ValueError(f"a row of {len(row)} values for {len(self._stamps)} timestamps")
        points = [
            f'{stamp}"{format_float(value)}"]'
            for stamp, value, there in zip(self._stamps, row, mask, strict=True)
            if there
        ]
        self._parts.append(f"[{','.join(points)}]".encode())
        return len(points)

    def take(self) -> bytes:
        """Return everything appended since the last time, and begin anew."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _doubles(values: Buffer) -> Sequence[float]:
    return memoryview(values).cast("B").cast("d").tolist()


def _seconds(time_ms: int) -> str:
    whole, rest = divmod(abs(time_ms), 1000)
    return f"{'-' if time_ms < 0 else ''}{whole}{f'.{rest:03d}' if rest else ''}"
