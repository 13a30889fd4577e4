"""``tapewatch alerts report|act|approve|decline|oncall``: quality, actions and who is on call."""

import getpass
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import click

from tapewatch.cli.asking import told_refusals
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.model.durations import format_time_ns, parse_duration_ms

OWN: Final = "/api/v1/alerting"
HOUR_NS: Final = 3600 * 1_000_000_000

url_option = click.option(
    "--url",
    metavar="URL",
    help="The server. [default: $TAPEWATCH_URL, else http://127.0.0.1:7600]",
)
by_option = click.option("--by", metavar="NAME", help="Who does it. [default: you]")


@click.command()
@click.option("--since", default="7d", show_default=True, metavar="DURATION", help="How far back.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@json_option
@url_option
def report(*, since: str, markdown: bool, as_json: bool, url: str | None) -> None:
    """
    Say how good the alerts were: pages per shift, flapping, times, precision by owner.

    \b
    Examples:
      tapewatch alerts report
      tapewatch alerts report --since 30d --markdown > report.md
    """
    from tapewatch.alerting.report.markdown import as_markdown

    with told_refusals():
        since_ns = time.time_ns() - parse_duration_ms(since) * 1_000_000
    found = _call(url, f"{OWN}/report?{urlencode({'since': format_time_ns(since_ns)})}")
    if markdown:
        click.echo(as_markdown(found), nl=False)
    else:
        emit(found, as_json=as_json, words=_report_words)


@click.command()
@click.argument("name", required=False)
@click.option("--why", default="", help="Why; it stays in the history.")
@by_option
@json_option
@url_option
def act(name: str | None, *, why: str, by: str | None, as_json: bool, url: str | None) -> None:
    """
    Set an action off by hand; without a name, list the actions and what waits for a person.

    \b
    Examples:
      tapewatch alerts act
      tapewatch alerts act stop_all_trading --why "prices make no sense"
    """
    if name is None:
        found = {
            "actions": _call(url, f"{OWN}/actions"),
            "approvals": _call(url, f"{OWN}/approvals"),
        }
        emit(found, as_json=as_json, words=_action_words)
        return
    if not why:
        raise click.UsageError("say --why: it stays in the history beside your name")
    body = {"by": by or getpass.getuser(), "why": why}
    answer = _call(url, f"{OWN}/actions/{quote(name, safe='')}", body)
    _tell_answer(answer, as_json=as_json)


@click.command()
@click.argument("approval")
@by_option
@json_option
@url_option
def approve(approval: str, *, by: str | None, as_json: bool, url: str | None) -> None:
    """Agree to an action that waits for a person."""
    body = {"by": by or getpass.getuser()}
    answer = _call(url, f"{OWN}/approvals/{quote(approval)}/approve", body)
    _tell_answer(answer, as_json=as_json)


@click.command()
@click.argument("approval")
@click.option("--why", default="", help="Why not.")
@by_option
@url_option
def decline(approval: str, *, why: str, by: str | None, url: str | None) -> None:
    """Say no to an action that waits for a person."""
    body = {"by": by or getpass.getuser(), "why": why}
    _call(url, f"{OWN}/approvals/{quote(approval)}/decline", body)
    tell(f"{approval} is declined")


@click.group()
def oncall() -> None:
    """
    Say who is on call, and let somebody stand in.

    \b
    Examples:
      tapewatch alerts oncall now
      tapewatch alerts oncall cover desk-rota ben --for 4h
      tapewatch alerts oncall export desk-rota > rota.ics
    """


@oncall.command()
@json_option
@url_option
def now(*, as_json: bool, url: str | None) -> None:
    """Say who is on call now, and who is next."""
    found = _call(url, f"{OWN}/oncall")
    emit(found, as_json=as_json, words=_oncall_words)


@oncall.command()
@click.argument("schedule")
@click.argument("person")
@click.option("--for", "duration", default="12h", show_default=True, metavar="DURATION")
@click.option("--from", "begins", default="", metavar="TIME", help="[default: now]")
@by_option
@url_option
def cover(
    schedule: str, person: str, *, duration: str, begins: str, by: str | None, url: str | None
) -> None:
    """Let PERSON stand in; prints the cover's id."""
    from tapewatch.model.durations import parse_time_ns

    with told_refusals():
        starts_ns = parse_time_ns(begins) if begins else time.time_ns()
        ends_ns = starts_ns + parse_duration_ms(duration) * 1_000_000
    body = {
        "person": person,
        "from": format_time_ns(starts_ns),
        "to": format_time_ns(ends_ns),
        "by": by or getpass.getuser(),
    }
    click.echo(_call(url, f"{OWN}/oncall/{quote(schedule, safe='')}/covers", body)["id"])


@oncall.command()
@click.argument("cover_id")
@by_option
@url_option
def uncover(cover_id: str, *, by: str | None, url: str | None) -> None:
    """Take a cover back."""
    query = urlencode({"by": by or getpass.getuser()})
    _call(url, f"{OWN}/oncall/covers/{quote(cover_id)}?{query}", method="DELETE")
    tell(f"{cover_id} is taken back")


@oncall.command()
@click.argument("schedule")
@url_option
def export(schedule: str, *, url: str | None) -> None:
    """Print the shifts of the next 90 days as an iCalendar file."""
    from tapewatch.client.connection import Connection

    with told_refusals():
        path = f"{OWN}/oncall/{quote(schedule, safe='')}/calendar.ics"
        click.echo(Connection(url).fetch(path)[1], nl=False)


@oncall.command()
@click.argument("calendar", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--days", default=14, show_default=True, help="How many days to show.")
def check(calendar: Path, *, days: int) -> None:
    """Read an iCalendar file as ``calendar_file`` would, and show who is on call by it."""
    from tapewatch.alerting.oncall.calendar import read_calendar

    with told_refusals():
        events = read_calendar(calendar.read_text(encoding="utf-8"))
    now_ns = time.time_ns()
    until_ns = now_ns + days * 24 * HOUR_NS
    found = [shift for event in events for shift in event.shifts(now_ns, until_ns)]
    rows = sorted((e.as_dict()["from"], e.as_dict()["to"], e.person) for e in found)
    table(("From", "To", "Person"), rows)


VERBS: Final = (report, act, approve, decline, oncall)


def _report_words(found: dict[str, Any]) -> None:
    click.echo(f"{found['fired']} alerts fired from {found['since']} to {found['until']}")
    shares = [
        (name, found[name]["count"], f"{found[name]['share']:.0%}")
        for name in ("acknowledged", "flapping", "silenced")
    ]
    table(("What", "How many", "Share"), shares)
    times = [(name, each["p50"], each["p99"]) for name, each in found["seconds"].items()]
    table(("Time to", "Median (s)", "p99 (s)"), [each for each in times if each[1] is not None])
    owners = [
        (e["owner"], e["fired"], e["acted_on"], f"{e['precision']:.0%}") for e in found["owners"]
    ]
    table(("Owner", "Fired", "Acted on", "Precision"), owners)
    shifts = [(e["schedule"], e["person"], e["from"], e["to"], e["pages"]) for e in found["shifts"]]
    table(("Schedule", "Person", "From", "To", "Pages"), [each for each in shifts if each[4]])
    failed = [(e["channel"], e["delivered"], e["failed"]) for e in found["channels"]]
    table(("Channel", "Delivered", "Failed"), failed)
    if found["never_fired"]:
        click.echo(f"never fired: {', '.join(found['never_fired'])}")


def _action_words(found: dict[str, Any]) -> None:
    rows = [
        (
            each["name"],
            each["kind"],
            "armed" if each["armed"] else "dry run",
            "a person agrees" if each["confirm"] else "",
            each["would"],
        )
        for each in found["actions"]
    ]
    table(("Action", "Kind", "State", "Before", "What it would do"), rows)
    for each in found["approvals"]:
        click.echo(f"{each['id']} {each['action']} waits until {each['until']}: {each['why']}")


def _oncall_words(found: dict[str, Any]) -> None:
    rows = []
    for each in found["schedules"]:
        shift, later = each["now"] or {}, each["next"] or {}
        rows.append(
            (
                each["schedule"],
                shift.get("person", "nobody"),
                shift.get("to", ""),
                later.get("person", ""),
            )
        )
    table(("Schedule", "Now", "Until", "Next"), rows)


def _tell_answer(answer: dict[str, Any], *, as_json: bool) -> None:
    emit(answer, as_json=as_json, words=lambda told: click.echo(told["detail"]))
    if answer["result"] != "done":
        from tapewatch.cli import exits

        raise SystemExit(exits.FAILED)


def _call(url: str | None, path: str, body: Any = None, *, method: str = "") -> Any:
    from tapewatch.client.connection import Connection

    with told_refusals():
        chosen = method or ("GET" if body is None else "POST")
        return Connection(url).call(path, body, method=chosen)
