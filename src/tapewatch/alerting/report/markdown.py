"""The report as Markdown, for people and for the page of a team."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

TIMES = ("detect", "notify", "acknowledge", "resolve")


def as_markdown(told: Mapping[str, Any]) -> str:
    """Write a report."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Alerts from {told['since']} to {told['until']}"
    yield ""
    shares = ", ".join(
        f"{told[name]['count']} {name} ({told[name]['share']:.0%})"
        for name in ("acknowledged", "flapping", "silenced")
    )
    yield f"{told['fired']} fired: {shares}."
    yield from _table(
        "How long it took", ("time to", "median (s)", "p99 (s)", "of"), _times(told["seconds"])
    )
    yield from _table(
        "By owner",
        ("owner", "fired", "acted on", "precision"),
        ((e["owner"], e["fired"], e["acted_on"], f"{e['precision']:.0%}") for e in told["owners"]),
    )
    yield from _table(
        "By alert",
        ("alert", "fired", "acted on", "flapping"),
        ((e["alert"], e["fired"], e["acted_on"], e["flapping"]) for e in told["alerts"]),
    )
    yield from _table(
        "By shift",
        ("schedule", "person", "from", "to", "pages", "per 12 h"),
        (_shift(each) for each in told["shifts"]),
    )
    yield from _table(
        "Channels",
        ("channel", "delivered", "failed", "refused"),
        ((e["channel"], e["delivered"], e["failed"], e["refused"]) for e in told["channels"]),
    )
    if told["never_fired"]:
        yield from ("", "## Never fired", "", ", ".join(told["never_fired"]))


def _times(seconds: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for name in TIMES:
        each = seconds[name]
        if each["count"]:
            yield name, each["p50"], each["p99"], each["count"]


def _shift(each: Mapping[str, Any]) -> Sequence[Any]:
    return [each[key] for key in ("schedule", "person", "from", "to", "pages", "pages_per_12h")]


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    written = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    if written:
        yield from ("", f"## {title}", "", f"| {' | '.join(columns)} |")
        yield "|" + "---|" * len(columns)
        yield from written
