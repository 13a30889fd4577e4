"""The report of a drill for people, in Markdown and as a page of HTML."""

import html
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tapewatch.drill.outcome import AlertOutcome, FaultOutcome, Run
from tapewatch.model.durations import format_duration_ms

COLUMNS: Final = (
    *("alert", "fault", "clock", "severity", "fired", "seen after", "told after"),
    *("told to", "over after", "what was wrong"),
)
COST_COLUMNS: Final = (
    *("pack", "fault", "clock", "lasted", "profit and loss", "orders refused", "orders at risk"),
    "messages",
)
COST_WORDS: Final = (
    "What the desk earned or lost while the fault held, with what it held at the price of the "
    "market; how many of the orders that it wanted were refused or never sent; and the most orders "
    "at one time whose end nobody knew. Faults that held beside each other share it."
)
STYLE: Final = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; font-size: 0.87rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #8886; text-align: left;
  vertical-align: top; }
td.bad { color: #c62828; }
@media (prefers-color-scheme: dark) { td.bad { color: #ff8a80; } }
"""


def markdown(run: Run) -> str:
    """Write the whole report in Markdown."""
    return "\n".join(_lines(run, _markdown_table, lambda text: text)) + "\n"


def page(run: Run) -> str:
    """Write the whole report as one page that loads nothing."""
    body: list[str] = []
    for line in _lines(run, _html_table, html.escape):
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            body.append(f"<h{level}>{line.lstrip('# ')}</h{level}>")
        elif line.startswith("<"):
            body.append(line)
        elif line:
            body.append(f"<p>{line.removeprefix('- ')}</p>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Drill of {html.escape(run.began)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def _lines(run: Run, table: Table, plain: Callable[[str], str]) -> Iterator[str]:
    told = run.summary()
    yield f"# Drill of {plain(run.began)}"
    yield ""
    yield f"- {plain(_verdict(run))}"
    yield f"- {told['fired']} of {told['alerts']} alerts fired; precision {told['precision']:.3f}"
    p50, p99 = told["detect_seconds_p50"], told["detect_seconds_p99"]
    if p50 is not None:
        yield f"- pages without a `for` were seen after {p50:.2f} s (p50) and {p99:.2f} s (p99)"
    yield f"- a quiet hour paged {told['quiet_pages']} times" if run.quiet else "- no quiet hour"
    yield (
        f"- seed {run.seed}; it took {_span(run.wall_s)}, {run.cpu_s:.0f} s of processor and at "
        f"most {run.memory_bytes / 1e6:.0f} MB a process"
    )
    yield from (f"- {plain(why)}" for why in run.hindered)
    for pack in run.packs:
        rows = [_row(each) for each in run.alerts if each.pack == pack]
        if rows:
            yield from ("", f"## {plain(pack)}", "", table(COLUMNS, rows))
    if run.faults:
        yield from ("", "## What it cost", "", plain(COST_WORDS), "")
        yield table(COST_COLUMNS, [_cost(each) for each in run.faults])
    others = [_other(each) for each in run.faults if each.along or each.noise]
    if others:
        columns = ("pack", "fault", "expected along with it", "noise")
        yield from ("", "## What else fired", "", table(columns, others))


def _verdict(run: Run) -> str:
    return "everything was as it has to be" if run.good else "not everything was as it has to be"


def _row(each: AlertOutcome) -> tuple[str, ...]:
    return (
        each.alert,
        each.fault,
        each.clock,
        each.severity,
        "yes" if each.fired else "NO",
        f"{_seconds(each.detect_s)}{f' + {_span(each.hold_s)}' if each.hold_s else ''}"
        if each.fired
        else "",
        _seconds(each.channel_s),
        "held back" if each.held_back else ", ".join(each.channels),
        _seconds(each.resolved_s),
        "; ".join(each.failures()),
    )


def _other(each: FaultOutcome) -> tuple[str, ...]:
    along, noise = ", ".join(each.along), ", ".join(each.noise)
    return each.pack, each.fault, along, noise


def _cost(each: FaultOutcome) -> tuple[str, ...]:
    cost = each.cost
    return (
        each.pack or "all",
        each.fault,
        each.clock,
        _span(each.lasted_s),
        f"{cost.pnl_usd:+,.0f} USD",
        f"{cost.orders_refused:,} of {cost.orders_wanted:,}",
        f"{cost.orders_at_risk:,} ({cost.usd_at_risk:,.0f} USD)",
        str(each.messages) if each.clock == "played" else "",
    )


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return _span(value) if value >= 10 else f"{value:.2f} s"


def _span(seconds: float) -> str:
    return format_duration_ms(round(seconds) * 1000)


def _markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows)])


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(each)}</th>" for each in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    bad = ' class="bad"' if text == "NO" else ""
    return f"<td{bad}>{html.escape(text)}</td>"
