"""
Runbooks: what to do, read at 03:00 by somebody who has just woken up.

A runbook is Markdown with fixed headings, so that the first steps always stand at the same place.
Its fenced blocks are runnable: ``promql``, ``logql``, ``lucene`` and ``sh``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

HEADINGS: Final = (
    "What it means",
    "What it costs",
    "First steps",
    "Find out more",
    "Fix",
    "Afterwards",
)
_HEADING = re.compile(r"(#{1,6}) +(.+?)\s*#*")
_FENCE = re.compile(r"\s*(```+|~~~+)\s*([A-Za-z]*).*")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook, taken apart."""

    name: str
    title: str
    sections: Mapping[str, str]
    """The text below each second-level heading."""
    section_lines: Mapping[str, int]
    blocks: tuple[Block, ...] = ()
    links: tuple[tuple[int, str], ...] = ()
    """Every link with its line."""
    file: str = ""
    text: str = ""

    @property
    def first_steps(self) -> str:
        """What a message shows of it."""
        return self.sections.get("First steps", "").strip()

    @property
    def anchors(self) -> frozenset[str]:
        """The fragments that a link into it may have."""
        return frozenset(_anchor(each) for each in (self.title, *self.sections))


def parse_runbook(name: str, text: str, *, file: str = "") -> Runbook:
    """Take a runbook apart; whatever is missing is left empty for the checks to find."""
    title, heading = "", ""
    sections: dict[str, list[str]] = {}
    section_lines: dict[str, int] = {}
    for number, line, fenced in _lines(text):
        match = None if fenced else _HEADING.fullmatch(line)
        if match and match[1] == "#" and not title:
            title = match[2]
        elif match and match[1] == "##":
            heading = match[2]
            sections.setdefault(heading, [])
            section_lines.setdefault(heading, number)
        elif heading:
            sections[heading].append(line)
    told = {each: "\n".join(lines).strip("\n") for each, lines in sections.items()}
    blocks, links = tuple(_blocks(text)), tuple(_links(text))
    return Runbook(name, title, told, section_lines, blocks, links, file, text)


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield every line with its number and whether it belongs to a fenced block."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.fullmatch(line)
        if fence:
            yield number, line, True
            if match and match[1].startswith(fence) and not match[2]:
                fence = ""
        else:
            fence = match[1] if match else ""
            yield number, line, bool(match)


def _blocks(text: str) -> Iterator[Block]:
    lines: list[str] = []
    language, begun = "", 0
    for number, line, fenced in _lines(text):
        match = _FENCE.fullmatch(line) if fenced else None
        if match and not begun:
            language, begun, lines = match[2].lower(), number, []
        elif match and begun:
            yield Block(language, "\n".join(lines), begun + 1)
            begun = 0
        elif fenced:
            lines.append(line)


def _links(text: str) -> Iterator[tuple[int, str]]:
    for number, line, fenced in _lines(text):
        if not fenced:
            for target in _LINK.findall(line):
                yield number, target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
