"""Making a text fit: services cut, refuse or drop what is longer than they like."""

from collections.abc import Callable
from typing import Final

ELLIPSIS: Final = "…"

Measure = Callable[[str], int]


def letters(text: str) -> int:
    """Count code points."""
    return len(text)


def utf16_units(text: str) -> int:
    """Count as services written in JavaScript or Java do: an emoji is two."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def size_bytes(text: str) -> int:
    """Count the bytes on the wire."""
    return len(text.encode())


def fit(text: str, limit: int, *, measure: Measure = letters, tail: str = "") -> str:
    """
    Cut a text to ``limit``, at a line's or a word's end where one is near.

    ``tail`` stands behind the cut and counts; it says where the rest can be read.
    """
    if measure(text) <= limit:
        return text
    end = f"{ELLIPSIS}\n{tail}" if tail else ELLIPSIS
    if measure(end) >= limit:
        end = ELLIPSIS if limit else ""
    kept = _longest(text, limit - measure(end), measure)
    return _at_a_border(text, kept) + end


def _longest(text: str, limit: int, measure: Measure) -> int:
    # Every measure grows with the text, so halving finds the place.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _at_a_border(text: str, end: int) -> str:
    kept = text[:end]
    for border in ("\n", " "):
        at = kept.rfind(border)
        if at > end * 3 // 4:
            return kept[:at].rstrip()
    return kept.rstrip()
