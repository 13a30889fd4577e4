"""
Literals: strings, numbers and durations as PromQL writes them.

The functions that read give a fault in words beside the value, empty where there is none, because
the parser goes on after it. Bytes that are no UTF-8 (``"\\xff"``) become lone surrogates, as
Python's ``surrogateescape`` has them.
"""

import math
import re
from typing import Final

from tapewatch.model.durations import UNITS_MS, parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.model.labels import quote

_DIGITS: Final = frozenset("0123456789")
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_WORD: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_SIMPLE_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
# After the backslash: how many digits follow, of which base, and the largest value.
_CODED_ESCAPES: Final = {
    "x": (2, 16, 255),
    "u": (4, 16, 0x10FFFF),
    "U": (8, 16, 0x10FFFF),
    **dict.fromkeys("01234567", (3, 8, 255)),
}


def quote_character(character: str) -> str:
    """Write one character between single quotes with Go's escapes; none at all is U+FFFD."""
    if not character:
        return "'\ufffd'"
    if character in "\"'":
        return "'\"'" if character == '"' else "'\\''"
    return f"'{quote(character)[1:-1]}'"


def scan_string(text: str, start: int) -> tuple[int, str]:
    """Find the end of the string that begins at ``start``, or say what is wrong with it."""
    mark = text[start]
    position = start + 1
    while position < len(text):
        letter = text[position]
        if letter == mark:
            return position + 1, ""
        if letter == "\ufffd" or "\ud800" <= letter <= "\udfff":
            return position, "invalid UTF-8 rune"
        if mark != "`" and letter == "\n":
            break
        position += 1
        if mark != "`" and letter == "\\":
            position, fault = _scan_escape(text, position, mark)
            if fault:
                return position, fault
    return position, "unterminated raw string" if mark == "`" else "unterminated quoted string"


def _scan_escape(text: str, position: int, mark: str) -> tuple[int, str]:
    letter = text[position : position + 1]
    if not letter:
        return position, "escape sequence not terminated"
    if letter == mark or letter in _SIMPLE_ESCAPES:
        return position + 1, ""
    if letter not in _CODED_ESCAPES:
        return position, f"unknown escape sequence {_code_point(letter)}"
    return _scan_code(text, position, *_CODED_ESCAPES[letter])


def _scan_code(text: str, position: int, count: int, base: int, value_max: int) -> tuple[int, str]:
    first = position if base == 8 else position + 1
    for at in range(first, first + count):
        letter = text[at : at + 1]
        if not letter:
            return at, "escape sequence not terminated"
        if letter not in _HEX_DIGITS or int(letter, 16) >= base:
            return at, f"illegal character {_code_point(letter)} in escape sequence"
    value = int(text[first : first + count], base)
    if value > value_max or 0xD800 <= value < 0xE000:
        return first, "escape sequence is an invalid Unicode code point"
    return first + count, ""


def _code_point(letter: str) -> str:
    return f"U+{ord(letter):04X} '{letter}'"


_ESCAPE: Final = re.compile(
    r"\\(?:x(?P<x>..)|(?P<octal>[0-7]{3})|u(?P<u>....)|U(?P<U>.{8})|(?P<simple>.))"
)


def unquote(literal: str) -> str:
    """Take the quotes and the escapes off a string that ``scan_string`` has found good."""
    inner = literal[1:-1]
    if literal[0] == "`" or "\\" not in inner:
        return inner
    # Bytes may join to characters across escapes, so the text is put together as bytes.
    parts = [inner[: _first_escape(inner)].encode()]
    position = _first_escape(inner)
    while position < len(inner):
        match = _ESCAPE.match(inner, position)
        if match is None:
            parts.append(inner[position].encode())
            position += 1
        else:
            parts.append(_unescape(match))
            position = match.end()
    return b"".join(parts).decode(errors="surrogateescape")


def _first_escape(inner: str) -> int:
    return inner.index("\\")


def _unescape(match: re.Match[str]) -> bytes:
    kind = match.lastgroup
    assert kind is not None
    code = match.group(kind)
    if kind == "simple":
        return _SIMPLE_ESCAPES.get(code, code).encode()
    if kind in ("x", "octal"):
        return bytes([int(code, 16 if kind == "x" else 8)])
    return chr(int(code, 16)).encode()


def scan_number(text: str, start: int) -> tuple[int, bool]:
    """
    Find the end of the number at ``start``, and say whether it is one.

    Where it is not, the end lies behind the letter that spoils it. One dot, one exponent,
    underscores between digits.
    """
    hexadecimal = text[start : start + 2] in ("0x", "0X")
    digits = _HEX_DIGITS if hexadecimal else _DIGITS
    end = start + 2 if hexadecimal else start
    seen = ""
    while end < len(text):
        letter = text[end]
        if letter in digits:
            end += 1
            continue
        if letter not in "._eE" or (hexadecimal and letter not in "._"):
            break
        kind = letter.lower()
        if kind in seen or (hexadecimal and kind == "."):
            return end + 1, False
        end += 1
        seen += "" if kind == "_" else kind
        if kind == "e" and text[end : end + 1] in ("+", "-"):
            end += 1
        if text[end : end + 1] in _NOT_AFTER[kind]:
            return min(end + 1, len(text)), False
    return end, end > start and text[end : end + 1] not in _WORD


# What may not follow a dot, an exponent and an underscore; empty is the end of the text.
_NOT_AFTER: Final = {
    ".": ("_", "."),
    "e": (".", "_", "e", "E", ""),
    "_": (".", "_", "e", "E", ""),
}


def scan_duration(text: str, end: int) -> tuple[int, bool]:
    """Go on behind the first digits of a duration; say whether it is one."""
    end, good = _scan_unit(text, end, "smhdwy")
    while good and text[end : end + 1] in _DIGITS:
        while text[end : end + 1] in _DIGITS:
            end += 1
        end, good = _scan_unit(text, end, "smhdw")
    if good and text[end : end + 1] in _WORD:
        return end + 1, False
    return end, good


def _scan_unit(text: str, end: int, units: str) -> tuple[int, bool]:
    if end == len(text) or text[end] not in units:
        return end, False
    # "ms"; what is no unit, like "hs", is told when the value is read.
    return end + 1 + text.startswith("s", end + 1), True


_INTEGER: Final = re.compile(
    r"0[xX]_?[0-9a-fA-F][0-9a-fA-F_]*|0[bB]_?[01][01_]*|0[oO]_?[0-7][0-7_]*|0[0-7_]*|[1-9][0-9_]*"
)


def number_value(text: str) -> tuple[float, str]:
    """Read a number without a sign as Go does: ``0x1f``, ``0755`` (octal), ``1e3``, ``Inf``."""
    integer = _integer(text)
    if integer is not None:
        return float(integer), ""
    try:
        # Python would take digits of other scripts too.
        value = float(text.replace("_", "") if text.isascii() else "?")
    except ValueError:
        return 0.0, _number_fault(text, "invalid syntax")
    if math.isinf(value) and not text.lower().startswith("inf"):
        return value, _number_fault(text, "value out of range")
    return value, ""


def _integer(text: str) -> int | None:
    """Read an integer of 64 bits, None for anything else."""
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.replace("_", "")
    octal = digits[0] == "0" and digits.isdigit()
    integer = int(digits, 8 if octal else 0)
    return integer if integer < 2**63 else None


def _number_fault(text: str, reason: str) -> str:
    return f"error parsing number: strconv.ParseFloat: parsing {quote(text)}: {reason}"


def duration_seconds(text: str) -> tuple[float, str]:
    """Read a duration like ``1h30m`` as seconds."""
    try:
        return parse_duration_ms(text) / 1000, ""
    except BadText as bad:
        return 0.0, _duration_fault(text, bad)


def _duration_fault(text: str, bad: BadText) -> str:
    units = re.findall(r"[0-9]+([^0-9]+)", text)
    unknown = next((unit for unit in units if unit not in UNITS_MS), None)
    if unknown is not None:
        return f"unknown unit {quote(unknown)} in duration {quote(text)}"
    if "longer" in bad.remedy:
        return "duration out of range"
    return f"not a valid duration string: {quote(text)}"
