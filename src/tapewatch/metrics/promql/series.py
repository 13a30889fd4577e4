"""
Series as test scripts write them: ``name{label="value"} 1 2+3x4 _ stale {{sum:5 count:2}}``.

Values stand apart by spaces. ``axN`` is ``a`` and N more of it, ``a+bxN`` climbs by ``b``, ``_`` is
a time without a value, ``_xN`` N of them. Between double braces stands a native histogram; its
buckets are absolute counts from ``offset`` on.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import Final

from tapewatch.metrics import algebra
from tapewatch.metrics.promql.errors import QuerySyntaxError, SyntaxFault
from tapewatch.metrics.promql.literals import duration_seconds, number_value, quote_character
from tapewatch.metrics.promql.parse import parse_metric
from tapewatch.model.histograms import Buckets, Histogram, ResetHint
from tapewatch.model.labels import Labels, quote
from tapewatch.model.numbers import format_float_go
from tapewatch.model.samples import STALE


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """A value, or None for a time without one; a histogram's hint counts only where it is given."""

    value: float | Histogram | None
    hint_given: bool = False


@dataclass(frozen=True, slots=True)
class SeriesDescription:
    """The labels of a series and what it holds, time after time."""

    labels: Labels
    values: tuple[SeriesValue, ...]


MISSING: Final = SeriesValue(None)

_UNSIGNED: Final = (
    r"(?:(?:[0-9]+(?:ms|[smhdwy]))+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|"
    r"[iI][nN][fF]|[nN][aA][nN])"
)
_METRIC: Final = re.compile(
    r"""\s*(?:[A-Za-z_:][A-Za-z0-9_:]*)?"""
    r"""(?:\{(?!\{)(?:[^"'`{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})?(?=\s|$)"""
)
_HISTOGRAM: Final = r"\{\{[^}]*\}\}"
_ITEM: Final = re.compile(rf"{_HISTOGRAM}(?:[+-]{_HISTOGRAM})?(?:x[0-9]+)?(?=\s|$)|[^\s{{]+|\S")
_NUMBERS: Final = re.compile(
    rf"([+-]?{_UNSIGNED})(?:([+-]{_UNSIGNED})(?=x))?(?:x([0-9]+))?", re.ASCII
)
_HISTOGRAMS: Final = re.compile(
    rf"({_HISTOGRAM})(?:([+-])({_HISTOGRAM})(?=x))?(?:x([0-9]+))?", re.ASCII
)
_BLANKS: Final = re.compile(r"_(?:x([0-9]+))?")
_DESCRIPTORS: Final = re.compile(r"\s*([A-Za-z_]+)(:?)(\[[^\]]*\]|[^\s\[\]]*)")
_HINTS: Final = {
    "unknown": ResetHint.UNKNOWN,
    "reset": ResetHint.RESET,
    "not_reset": ResetHint.NOT_RESET,
    "gauge": ResetHint.GAUGE,
}
_HINT_WORDS: Final = {hint: word for word, hint in _HINTS.items()}


class _Unreadable(ValueError):
    """A piece that is not in the language; it never leaves this module."""


def parse_series_description(text: str) -> SeriesDescription:
    """Read one series; ``QuerySyntaxError`` says where it cannot be read."""
    match = _METRIC.match(text)
    end = match.end() if match else len(text)
    labels = parse_metric(text[:end])
    values: list[SeriesValue] = []
    for item in _ITEM.finditer(text, end):
        try:
            values.extend(_values(item.group()))
        except _Unreadable as reason:
            fault = SyntaxFault(item.start(), item.end(), str(reason))
            raise QuerySyntaxError(text, (fault,)) from None
    return SeriesDescription(labels, tuple(values))


def _values(item: str) -> Iterator[SeriesValue]:
    if item.startswith("{{"):
        return _histograms(item)
    if item == "stale":
        return iter((SeriesValue(STALE),))
    blanks = _BLANKS.fullmatch(item)
    if blanks is not None:
        return repeat(MISSING, int(blanks[1] or 1))
    return _floats(item)


def _floats(item: str) -> Iterator[SeriesValue]:
    match = _NUMBERS.fullmatch(item)
    if match is None:
        strange = next((one for one in item if not (one.isalnum() or one in "_.+-")), "")
        if strange:
            what = quote_character(strange)
            raise _Unreadable(f"unexpected character in series sequence: {what}")
        raise _Unreadable(f'unexpected {quote(item)} in series values, expected number or "stale"')
    start, step, times = match.groups()
    steps = repeat(_number(step) if step else 0.0, int(times or 0))
    if not step:
        return repeat(SeriesValue(_number(start)), int(times or 0) + 1)
    return map(SeriesValue, accumulate(steps, initial=_number(start)))


def _number(text: str) -> float:
    digits = text.lstrip("+-")
    last = digits[-1:].lower()
    value, fault = duration_seconds(digits) if last in "smhdwy" else number_value(digits)
    if fault:
        raise _Unreadable(fault)
    return -value if text.startswith("-") else value


def _histograms(item: str) -> Iterator[SeriesValue]:
    match = _HISTOGRAMS.fullmatch(item)
    if match is None:
        raise _Unreadable(f"histogram description incomplete: {quote(item)}")
    start, sign, step, times = match.groups()
    first, hint_given = _histogram(start)
    if step is None:
        return repeat(SeriesValue(first, hint_given), int(times or 0) + 1)
    # What is said of the hint in the step holds for all, as in the language that this follows.
    change, hint_given = _histogram(step)
    combine = _adder(sign)
    all_histograms = accumulate(repeat(change, int(times)), combine, initial=first)
    return (SeriesValue(one, hint_given) for one in all_histograms)


def _adder(sign: str) -> Callable[[Histogram, Histogram], Histogram]:
    join = algebra.add if sign == "+" else algebra.subtract

    def combine(current: Histogram, change: Histogram) -> Histogram:
        if current.schema > change.schema:
            raise _Unreadable(
                "error combining histograms: cannot merge from schema "
                f"{change.schema} to {current.schema}"
            )
        try:
            return join(current, change).histogram
        except algebra.IncompatibleSchemas:
            raise _Unreadable("error combining histograms: custom and standard buckets") from None

    return combine


def _histogram(text: str) -> tuple[Histogram, bool]:
    parts: dict[str, str] = {}
    inner = text[2:-2]
    position = 0
    while inner[position:].strip():
        match = _DESCRIPTORS.match(inner, position)
        key, colon, value = match.groups() if match else ("", "", inner[position:])
        _check_descriptor(key, colon, value, parts)
        parts[key] = value
        position = match.end() if match else len(inner)
    return _build_histogram(parts), "counter_reset_hint" in parts


def _check_descriptor(key: str, colon: str, value: str, parts: dict[str, str]) -> None:
    if key not in _KEYS:
        raise _Unreadable(f"bad histogram descriptor found: {quote(key or value)}")
    if not colon:
        raise _Unreadable("missing `:` for histogram descriptor")
    if key in parts:
        raise _Unreadable(f"duplicate key {quote(key)} in histogram")
    if not value:
        raise _Unreadable(f"histogram descriptor {quote(key)} has no value behind its colon")


def _build_histogram(parts: dict[str, str]) -> Histogram:
    return Histogram(
        schema=_integer(parts.get("schema", "0")),
        count=_number_part(parts.get("count", "0")),
        sum=_number_part(parts.get("sum", "0")),
        zero_threshold=_number_part(parts.get("z_bucket_w", "0")),
        zero_count=_number_part(parts.get("z_bucket", "0")),
        positive=_buckets(parts.get("buckets", "[]"), parts.get("offset", "0")),
        negative=_buckets(parts.get("n_buckets", "[]"), parts.get("n_offset", "0")),
        custom_bounds=tuple(_numbers(parts.get("custom_values", "[]"))),
        reset_hint=_hint(parts.get("counter_reset_hint", "unknown")),
    )


_KEYS: Final = frozenset(
    (
        "schema",
        "sum",
        "count",
        "z_bucket",
        "z_bucket_w",
        "buckets",
        "offset",
        "n_buckets",
        "n_offset",
        "custom_values",
        "counter_reset_hint",
    )
)
_SIGNED: Final = re.compile(rf"[+-]?{_UNSIGNED}")
_INTEGER: Final = re.compile(r"-?[0-9]+")


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _Unreadable(f"{quote(text)} is not a whole number")
    return int(text)


def _number_part(text: str) -> float:
    if not _SIGNED.fullmatch(text):
        raise _Unreadable(f"{quote(text)} is not a number")
    return _number(text)


def _numbers(text: str) -> list[float]:
    if not (text.startswith("[") and text.endswith("]")) or text.startswith("[ "):
        raise _Unreadable(f"{quote(text)} is not a list of numbers like [5 10 7]")
    return [_number_part(one) for one in text[1:-1].split()]


def _buckets(counts: str, offset: str) -> dict[int, float]:
    first = _integer(offset)
    return {first + index: count for index, count in enumerate(_numbers(counts))}


def _hint(text: str) -> ResetHint:
    if text not in _HINTS:
        raise _Unreadable(f"bad histogram descriptor found: {quote(text)}")
    return _HINTS[text]


def describe_value(value: float | Histogram | None) -> str:
    """Write a value as ``parse_series_description`` reads it."""
    if value is None:
        return "_"
    return _describe_histogram(value) if isinstance(value, Histogram) else format_float_go(value)


def _describe_histogram(histogram: Histogram) -> str:
    plain = {
        "schema": histogram.schema,
        "count": histogram.count,
        "sum": histogram.sum,
        "z_bucket": histogram.zero_count,
        "z_bucket_w": histogram.zero_threshold,
    }
    parts = [f"{key}:{format_float_go(number)}" for key, number in plain.items() if number]
    if histogram.custom_bounds:
        parts.append(f"custom_values:[{_join(histogram.custom_bounds)}]")
    if histogram.reset_hint is not ResetHint.UNKNOWN:
        parts.append(f"counter_reset_hint:{_HINT_WORDS[histogram.reset_hint]}")
    parts.extend(_describe_buckets("", histogram.positive))
    parts.extend(_describe_buckets("n_", histogram.negative))
    return "{{" + " ".join(parts) + "}}"


def _describe_buckets(prefix: str, buckets: Buckets) -> Iterator[str]:
    if not buckets:
        return
    first, last = min(buckets), max(buckets)
    if first:
        yield f"{prefix}offset:{first}"
    counts = (buckets.get(index, 0.0) for index in range(first, last + 1))
    yield f"{prefix}buckets:[{_join(counts)}]"


def _join(numbers: Iterator[float] | tuple[float, ...]) -> str:
    return " ".join(format_float_go(number) for number in numbers)
