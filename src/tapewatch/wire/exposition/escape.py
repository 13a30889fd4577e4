"""
Names for readers that do not take UTF-8 in names.

A reader says in its ``Accept`` header which scheme it wants. ``values`` loses nothing and can be
undone; the other two make different names possibly alike.
"""

import re
from enum import StrEnum
from functools import lru_cache

from tapewatch.model.labels import is_plain_metric_name

_VALUES_PREFIX = "U__"
_CODE = re.compile(r"_([0-9a-fA-F]{1,6})_|__")


class Escaping(StrEnum):
    """What is done to a name with other letters than ``[a-zA-Z0-9_:]``."""

    ALLOW_UTF8 = "allow-utf-8"
    UNDERSCORES = "underscores"
    DOTS = "dots"
    VALUES = "values"


@lru_cache(maxsize=4096)
def escape_name(name: str, scheme: Escaping) -> str:
    """Write ``name`` as the scheme has it."""
    if not name or scheme is Escaping.ALLOW_UTF8:
        return name
    if scheme is Escaping.DOTS:
        # Plain names change too: their underscores must stay apart from the escapes.
        return "".join(map(_dotted, name, range(len(name))))
    if is_plain_metric_name(name):
        return name
    if scheme is Escaping.UNDERSCORES:
        return "".join(letter if _plain(letter, i) else "_" for i, letter in enumerate(name))
    return _VALUES_PREFIX + "".join(map(_coded, name, range(len(name))))


def unescape_values(name: str) -> str:
    """Undo the scheme ``values``; a name that it cannot have made is returned as it is."""
    if not name.startswith(_VALUES_PREFIX):
        return name
    rest = name.removeprefix(_VALUES_PREFIX)
    plain = _CODE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "_", rest)
    return plain if escape_name(plain, Escaping.VALUES) == name else name


def _plain(letter: str, position: int) -> bool:
    if not letter.isascii():
        return False
    return letter.isalpha() or letter in "_:" or (letter.isdigit() and position > 0)


def _dotted(letter: str, position: int) -> str:
    if letter == ".":
        return "_dot_"
    if letter == "_" or not _plain(letter, position):
        return "__"
    return letter


def _coded(letter: str, position: int) -> str:
    if letter == "_":
        return "__"
    return letter if _plain(letter, position) else f"_{ord(letter):x}_"
