"""
``python -m bench.report``: write ``docs/performance.md`` from the figures of the last runs.

Everything below the mark on that page is made from ``bench/out/*.json``; no figure is typed.
"""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.harness import OUT

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
MARK = "<!-- Below this line everything is written by `python -m bench.report`. -->"

Told = dict[str, Any]
"""What a result file holds."""


def main() -> int:
    """Write the page anew."""
    told = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(OUT.glob("*.json"))]
    if not told:
        print("there are no figures yet: run `make bench` first")
        return 1
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), told), encoding="utf-8")
    return 0


def page(former: str, told: Sequence[Told]) -> str:
    """Return the page with its figures replaced."""
    head = former.partition(MARK)[0].rstrip("\n")
    lines = [head, "", MARK]
    for each in told:
        lines += ["", *section(each)]
    return "\n".join(lines) + "\n"


def section(told: Told) -> Iterator[str]:
    """Write what one benchmark found."""
    yield f"## {told['name']}"
    yield ""
    yield told["question"]
    yield ""
    yield from table(told)
    yield ""
    for note in told["notes"]:
        yield f"- {sentence(note)}"
    yield f"- Measured on {machine(told['machine'])}."
    yield f"- To repeat: `make bench NAME={told['name']}`."


def table(told: Told) -> Iterator[str]:
    """Write the rows, with a column for whatever any of them has."""
    rows = told["rows"]
    others = list(dict.fromkeys(name for row in rows for name in row.get("others", {})))
    has_peer = any(row["peer"] is not None for row in rows)
    has_must = any(row["must"] is not None for row in rows)
    head = ["", "Tapewatch"]
    head += [told["peer"], "ratio"] if has_peer else []
    head += others + (["must be", ""] if has_must else [])
    yield line(head)
    yield line(["---", *["---:"] * (len(head) - 1)])
    for row in rows:
        cells = [cell_text(row["name"]), f"{amount(row['value'])} {row['unit']}".strip()]
        if has_peer:
            cells += [amount(row["peer"]), ratio(row)]
        cells += [amount(row.get("others", {}).get(name)) for name in others]
        if has_must:
            cells += [amount(row["must"]), verdict(row)]
        yield line(cells)


def line(cells: Sequence[str]) -> str:
    """Write one line of a table."""
    return "| " + " | ".join(cells) + " |"


def cell_text(name: str) -> str:
    """Write a row's name; a query is set as code."""
    expression, cross, steps = name.rpartition(" × ")
    return f"`{expression}`, {steps} steps" if cross else name.replace("|", "\\|")


def amount(value: float | None) -> str:
    """Write a figure with three digits, or what there are before the point."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def ratio(row: Told) -> str:
    """Say how many times better than the peer we are."""
    mine, peer = row["value"], row["peer"]
    if not mine or not peer:
        return ""
    return f"{mine / peer if row.get('larger_is_better') else peer / mine:.2f}"


def verdict(row: Told) -> str:
    """Say whether a figure is as it must be."""
    return {True: "reached", False: "**not reached**", None: ""}[row["reached"]]


def sentence(note: str) -> str:
    """Begin a note as a sentence and end it as one."""
    return note[:1].upper() + note[1:].rstrip(".") + "."


def machine(told: Told) -> str:
    """Describe the machine in one line."""
    return (
        f"{told['processor']}, {told['cores']} cores, {told['memory_gib']} GiB, {told['system']}, "
        f"Python {told['python']}; load before the run {told['load_before']}"
    )


if __name__ == "__main__":
    sys.exit(main())
