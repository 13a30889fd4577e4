"""Checks of runbooks: complete, reachable, and runnable."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.runbook import HEADINGS, Runbook, parse_runbook

_LANGUAGES = frozenset(("promql", "logql", "lucene", "sh", "bash", "text", "yaml", "json", ""))


def find_dead_link(review: Review) -> Iterator[Hit]:
    """Find links that lead nowhere."""
    for name, runbook in review.catalog.runbooks.items():
        for line, target in runbook.links:
            if ":" not in target.partition("/")[0] and not _leads_somewhere(runbook, target):
                yield Hit("runbooks", name, (), f"the link {target} leads nowhere", line)


def _leads_somewhere(runbook: Runbook, target: str) -> bool:
    place, _, fragment = target.partition("#")
    path = Path(runbook.file).parent / place
    if not place:
        return fragment in runbook.anchors
    if not path.exists():
        return False
    if not fragment or path.suffix != ".md":
        return True
    other = parse_runbook(path.stem, path.read_text(encoding="utf-8", errors="replace"))
    return fragment in other.anchors


def find_missing_heading(review: Review) -> Iterator[Hit]:
    """Find runbooks in which something has to be searched for."""
    for name, runbook in review.catalog.runbooks.items():
        if not runbook.title:
            yield Hit("runbooks", name, (), "has no title: begin with a line '# …'", 1)
        missing = [each for each in HEADINGS if not runbook.sections.get(each, "").strip()]
        if missing:
            told = ", ".join(missing)
            yield Hit("runbooks", name, (), f"says nothing under: {told}", 1)
        for heading in runbook.sections:
            if heading not in HEADINGS:
                line = runbook.section_lines[heading]
                told = ", ".join(HEADINGS)
                yield Hit("runbooks", name, (), f"{heading!r} is not one of {told}", line)


def find_strange_block(review: Review) -> Iterator[Hit]:
    """Find blocks that nobody can run."""
    for name, runbook in review.catalog.runbooks.items():
        for block in runbook.blocks:
            if block.language not in _LANGUAGES:
                message = (
                    f"{block.language!r} is no language of runbooks: promql, logql, lucene, sh"
                )
                yield Hit("runbooks", name, (), message, block.line)
            elif not block.text.strip():
                yield Hit("runbooks", name, (), "the block is empty", block.line)
            elif block.language in ("sh", "bash") and (problem := _shell_problem(block.text)):
                yield Hit("runbooks", name, (), f"the command cannot be run: {problem}", block.line)


def _shell_problem(text: str) -> str:
    try:
        shlex.split(text, comments=True)
    except ValueError as fault:
        return str(fault).lower()
    return ""


def find_unused_runbook(review: Review) -> Iterator[Hit]:
    """Find runbooks that nothing leads to."""
    catalog = review.catalog
    used = {
        catalog.runbook_of(name, thing)
        for section in ("alerts", "objectives")
        for name, thing in catalog.section(section).items()
    }
    used |= {task.runbook for task in catalog.maintenance.values()}
    linked = {
        Path(target.partition("#")[0]).stem
        for runbook in catalog.runbooks.values()
        for _, target in runbook.links
    }
    for name in catalog.runbooks:
        if name not in used | linked and catalog.place("runbooks", name).pack == (
            catalog.platform.name
        ):
            yield Hit("runbooks", name, (), "nothing leads to it: no alert names it", 1)


_SECTIONS = "".join(f"## {heading}\n\nWords.\n\n" for heading in HEADINGS)
_GOOD = f"# Desk down\n\n{_SECTIONS}"
_ALERT = "alerts:\n  DeskDown: {severity: P2, expr: up == 0}\n"


def _pack(runbook: str) -> dict[str, str]:
    return {"desk.yaml": _ALERT, "runbooks/desk-down.md": runbook}


CHECKS = (
    Check(
        "TW501",
        "dead-link",
        "A link that leads nowhere is found at 03:00.",
        _pack(_GOOD + "See [the feed](feed.md).\n"),
        _pack(_GOOD + "See [the first steps](#first-steps).\n"),
        find_dead_link,
        plain=False,
    ),
    Check(
        "TW502",
        "heading-missing",
        "The same headings in the same order: whoever has read one runbook finds the first steps "
        "of every other.",
        _pack("# Desk down\n\nRestart it.\n"),
        _pack(_GOOD),
        find_missing_heading,
        plain=False,
    ),
    Check(
        "TW503",
        "block-not-runnable",
        "What stands in a block is copied and run. Its language says where.",
        _pack(_GOOD + "```sql\nselect 1\n```\n"),
        _pack(_GOOD + "```promql\nup\n```\n"),
        find_strange_block,
        plain=False,
    ),
    Check(
        "TW504",
        "runbook-unused",
        "A runbook that no alert names is found by nobody, and grows wrong in silence.",
        {**_pack(_GOOD), "runbooks/feed.md": _GOOD},
        _pack(_GOOD),
        find_unused_runbook,
        plain=False,
    ),
)
