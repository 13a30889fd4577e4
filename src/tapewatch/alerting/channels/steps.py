"""The first steps of a runbook, as lines that fit into a message."""

import re
from collections.abc import Iterator
from typing import Final

_ITEM: Final = re.compile(r"\s{0,3}(?:[0-9]{1,3}[.)]|[-*+])\s+(.*)")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS: Final = re.compile(r"\*\*|__|`")


def steps_of(markdown: str) -> list[str]:
    """Read the items of the first list of a text, without their markup and their code."""
    return [plain for item in _items(markdown) if (plain := _plain(item))]


def _items(markdown: str) -> Iterator[str]:
    item, fenced = "", False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
            continue
        found = None if fenced else _ITEM.fullmatch(line)
        if found:
            if item:
                yield item
            item = found[1]
        elif item and not fenced and line.strip():
            item = f"{item} {line.strip()}"
    if item:
        yield item


def _plain(item: str) -> str:
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", item)).split())
