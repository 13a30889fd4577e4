"""
How values read: Go's ``%v``, and ``printf`` with its verbs.

Widths and sizes are bounded, because a template may ask for a billion blanks.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

from tapewatch.model.labels import quote
from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.limits import DEPTH_MAX, TEXT_MAX
from tapewatch.watch.templates.values import as_mapping, is_sequence, type_name

WIDTH_MAX: Final = 10_000
_MISSING: Final = object()


def format_value(value: Any) -> str:
    """Write a value as ``%v`` does."""
    if type(value) is str:
        return value
    return _bounded(_pieces(value, 0))


def format_number(value: float) -> str:
    """Write a number with the shortest digits: ``%v`` and ``%g``, with an exponent from 1e6 on."""
    return _general(value)


def _bounded(pieces: Iterator[str]) -> str:
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > TEXT_MAX:
            raise TemplateMisuse(f"a value reads as more than {TEXT_MAX} letters")
        kept.append(piece)
    return "".join(kept)


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if depth > DEPTH_MAX:
        raise TemplateMisuse(f"a value is nested more than {DEPTH_MAX} deep")
    if hasattr(type(value), "string"):  # What Go calls a Stringer reads as it says itself.
        yield str(value)
        return
    mapping = as_mapping(value)
    if mapping is not None:
        yield "map["
        for position, key in enumerate(sorted(mapping, key=str)):
            yield f"{' ' if position else ''}{key}:"
            yield from _pieces(mapping[key], depth + 1)
        yield "]"
    elif is_sequence(value):
        yield from _row("[", value, "]", depth)
    elif _is_plain_record(value):
        inside = [getattr(value, each.name) for each in fields(value)]
        yield from _row("{", inside, "}", depth)
    else:
        yield _scalar(value)


def _row(left: str, items: Sequence[Any], right: str, depth: int) -> Iterator[str]:
    yield left
    for position, item in enumerate(items):
        if position:
            yield " "
        yield from _pieces(item, depth + 1)
    yield right


def _is_plain_record(value: Any) -> bool:
    """Say whether a value is a record without a text form of its own."""
    return is_dataclass(value) and not has_text(value)


def has_text(value: Any) -> bool:
    """Say whether a value's class has a text form of its own."""
    return any("__str__" in vars(each) for each in type(value).__mro__[:-1])


def _scalar(value: Any) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_number(value) if isinstance(value, float) else str(value)


# printf.

_VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?:\[(?P<width_at>\d+)\])?(?P<width>\*|\d*)"
    r"(?P<dot>\.)?(?:\[(?P<precision_at>\d+)\])?(?P<precision>\*|\d*)"
    r"(?:\[(?P<value_at>\d+)\])?(?P<verb>.)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Verb:
    """One directive, with its numbers."""

    flags: str
    width: int | None
    precision: int | None
    letter: str

    @property
    def sign(self) -> str:
        """What stands before a number that is not negative."""
        return "+" if "+" in self.flags else " " if " " in self.flags else ""

    def pad(self, text: str, *, number: bool = False) -> str:
        """Bring a text to the width."""
        if self.width is None or len(text) >= self.width:
            return text
        if "-" in self.flags:
            return text.ljust(self.width)
        if "0" in self.flags and number:
            head = text[:1] if text[:1] in "+- " else ""
            return head + text[len(head) :].rjust(self.width - len(head), "0")
        return text.rjust(self.width)


def format_printf(form: str, values: Sequence[Any]) -> str:
    """Write values by a form, as Go's ``Sprintf`` does, its complaints included."""
    return _Printer(form, values).result()


class _Printer:
    def __init__(self, form: str, values: Sequence[Any]) -> None:
        self._form = form
        self._values = values
        self._next = 0
        self._reordered = False

    def result(self) -> str:
        return _bounded(self._pieces())

    def _pieces(self) -> Iterator[str]:
        at = 0
        for match in _VERB.finditer(self._form):
            yield self._form[at : match.start()]
            yield self._directive(match)
            at = match.end()
        yield self._form[at:]
        if self._next < len(self._values) and not self._reordered:
            extra = ", ".join(_typed(value) for value in self._values[self._next :])
            yield f"%!(EXTRA {extra})"

    def _directive(self, match: re.Match[str]) -> str:
        width = self._number(match["width"], match["width_at"])
        precision = self._number(match["precision"], match["precision_at"])
        if precision is None and match["dot"]:
            precision = 0
        letter = match["verb"]
        if letter is None:
            return "%!(NOVERB)"
        flags = match["flags"]
        if width is not None and width < 0:
            flags, width = f"{flags}-", -width
        if letter == "%":
            return "%"
        value = self._take(match["value_at"] or self._only_index(match))
        if value is _MISSING:
            return f"%!{letter}(MISSING)"
        return format_verb(Verb(flags, width, precision, letter), value)

    def _only_index(self, match: re.Match[str]) -> str | None:
        """An index with no star after it is the value's, however it was read."""
        if match["width"] == "" and match["width_at"]:
            return match["width_at"]
        return match["precision_at"] if match["precision"] == "" else None

    def _number(self, text: str, index: str | None) -> int | None:
        if not text:
            return None
        number = self._take(index) if text == "*" else int(text)
        if not isinstance(number, int) or abs(number) > WIDTH_MAX:
            raise TemplateMisuse(f"printf: a width or precision of {number} is above {WIDTH_MAX}")
        return number

    def _take(self, index: str | None) -> Any:
        if index is not None:
            self._next, self._reordered = int(index) - 1, True
        self._next += 1
        return self._values[self._next - 1] if 0 < self._next <= len(self._values) else _MISSING


def _typed(value: Any) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={format_value(value)}"


def format_verb(verb: Verb, value: Any) -> str:
    """Write one value by one directive."""
    if verb.letter == "T":
        return verb.pad(type_name(value))
    if verb.letter == "v":
        return _format_plain(verb, value)
    if isinstance(value, bool):
        known = {"t": "true" if value else "false"}.get(verb.letter)
    else:
        known = _format_scalar(verb, value)
    if known is None:
        return f"%!{verb.letter}({_typed(value)})"
    return verb.pad(known, number=isinstance(value, int | float))


def _format_plain(verb: Verb, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = quote(value) if isinstance(value, str) and "#" in verb.flags else None
        return verb.pad(_cut(verb, shown or format_value(value)))
    letter = "d" if isinstance(value, int) else "g"
    # The sign of plus means "with the names of fields" here.
    plain = Verb(verb.flags.replace("+", ""), verb.width, verb.precision, letter)
    text = _integer(plain, value) if isinstance(value, int) else _float(plain, value)
    return verb.pad(text or "", number=True)


def _format_scalar(verb: Verb, value: Any) -> str | None:
    if isinstance(value, int):
        return _integer(verb, value)
    if isinstance(value, float):
        return _float(verb, value)
    if isinstance(value, str) or has_text(value):
        return _text(verb, value)
    return None


def _text(verb: Verb, value: Any) -> str | None:
    if is_sequence(value) or as_mapping(value) is not None:
        return format_value(value) if verb.letter == "s" else None
    text = value if isinstance(value, str) else str(value)
    if verb.letter == "s":
        return _cut(verb, text)
    if verb.letter == "q":
        return quote(_cut(verb, text))
    if verb.letter in "xX":
        digits = _cut(verb, text).encode().hex()
        return digits.upper() if verb.letter == "X" else digits
    return None


def _cut(verb: Verb, text: str) -> str:
    return text if verb.precision is None else text[: verb.precision]


_BASES: Final = {"d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _integer(verb: Verb, value: int) -> str | None:
    if verb.letter in _BASES:
        digits = format(abs(value), _BASES[verb.letter]).rjust(verb.precision or 0, "0")
        prefix = _PREFIXES.get(verb.letter, "") if "#" in verb.flags else ""
        prefix = "0o" if verb.letter == "O" else prefix
        return f"{'-' if value < 0 else verb.sign}{prefix}{digits}"
    if verb.letter in "cqU":
        return _letter(verb.letter, value)
    return None


def _letter(letter: str, value: int) -> str:
    if letter == "U":
        return f"U+{value:04X}"
    # Go writes the replacement character for what is no letter.
    text = chr(value) if 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000 else "�"
    return f"'{text}'" if letter == "q" else text


def _float(verb: Verb, value: float) -> str | None:
    if verb.letter not in "eEfFgG":
        return None
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        return text if "+" in verb.flags or value != math.inf else f"{verb.sign or '+'}Inf"
    return _signed(verb, _digits(verb, value), value)


def _digits(verb: Verb, value: float) -> str:
    if verb.letter in "gG" and verb.precision is None:
        text = _general(abs(value))
        return text.upper() if verb.letter == "G" else text
    precision = 6 if verb.precision is None else verb.precision
    sharp = "#" if "#" in verb.flags else ""
    return format(abs(value), f"{sharp}.{precision}{verb.letter}")


def _signed(verb: Verb, digits: str, value: float) -> str:
    return f"{'-' if math.copysign(1, value) < 0 else verb.sign}{digits}"


def _general(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    lead = "-" if sign else ""
    # Shortest digits count as six when Go decides about the exponent.
    if -4 <= power < 6:
        return lead + f"{Decimal(repr(abs(value))):f}".removesuffix(".0")
    rest = "".join(map(str, digits[1:]))
    fraction = f".{rest}" if rest else ""
    return f"{lead}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
