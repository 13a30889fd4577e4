"""``tapewatch alerts``: look at alerts, take them over, silence them, and ask why."""

import getpass
import time
from typing import Any, Final
from urllib.parse import quote, urlencode

import click

from tapewatch.cli.alerts_crew import VERBS
from tapewatch.cli.asking import told_refusals
from tapewatch.cli.channels import preview, test
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.model.durations import format_time_ns, parse_duration_ms

OWN: Final = "/api/v1/alerting"

url_option = click.option(
    "--url",
    metavar="URL",
    help="The server. [default: $TAPEWATCH_URL, else http://127.0.0.1:7600]",
)
by_option = click.option("--by", metavar="NAME", help="Who does it. [default: you]")
matchers_argument = click.argument("matchers", nargs=-1, metavar="[MATCHER]...")


@click.group()
def alerts() -> None:
    """
    Look at alerts, take them over, silence them, and ask why they were (not) sent.

    \b
    Examples:
      tapewatch alerts list team=exec
      tapewatch alerts explain alertname=FeedStale
      tapewatch alerts acknowledge 13e4662a9fcdc370
      tapewatch alerts silence venue=X --for 2h --comment "venue maintenance"
      tapewatch alerts history --since 1d --format csv > alerts.csv
    """


alerts.add_command(test)
alerts.add_command(preview)
for _verb in VERBS:
    alerts.add_command(_verb)


@alerts.command("list")
@matchers_argument
@click.option("--all", "everything", is_flag=True, help="Silenced and inhibited ones too.")
@json_option
@url_option
def list_(matchers: tuple[str, ...], *, everything: bool, as_json: bool, url: str | None) -> None:
    """List the alerts that fire."""
    quiet = [] if everything else [("silenced", "false"), ("inhibited", "false")]
    found = _call(url, f"/api/v2/alerts?{_query(matchers, quiet)}")
    emit(found, as_json=as_json, words=_alert_words)


@alerts.command()
@matchers_argument
@json_option
@url_option
def explain(matchers: tuple[str, ...], *, as_json: bool, url: str | None) -> None:
    """
    Say for every channel whether an alert was sent there, and why.

    A matcher is as amtool writes it (alertname=FeedStale), or the fingerprint of one alert.
    """
    if not matchers:
        raise click.UsageError("name an alert: a fingerprint, or matchers as alertname=FeedStale")
    if len(matchers) == 1 and _is_fingerprint(matchers[0]):
        found = _call(url, f"{OWN}/explain?fingerprint={matchers[0]}")
    else:
        found = _call(url, f"{OWN}/explain?{_query(matchers)}")
    emit(found, as_json=as_json, words=_explain_words)


@alerts.command()
@click.argument("fingerprint")
@by_option
@click.option("--for", "duration", metavar="DURATION", help="Give it back after this long.")
@url_option
def acknowledge(fingerprint: str, *, by: str | None, duration: str | None, url: str | None) -> None:
    """Take an alert over: it is not repeated while you have it."""
    body: dict[str, Any] = {"by": by or getpass.getuser()}
    if duration:
        body["until"] = _later(duration)
    _call(url, f"{OWN}/alerts/{quote(fingerprint)}/acknowledge", body, method="POST")
    tell(f"{fingerprint} is taken over by {body['by']}")


@alerts.command()
@click.argument("fingerprint")
@by_option
@url_option
def release(fingerprint: str, *, by: str | None, url: str | None) -> None:
    """Give an alert back."""
    query = urlencode({"by": by or getpass.getuser()})
    _call(url, f"{OWN}/alerts/{quote(fingerprint)}/acknowledge?{query}", method="DELETE")
    tell(f"{fingerprint} is nobody's again")


@alerts.command()
@click.argument("fingerprint")
@click.argument("assignee")
@by_option
@url_option
def assign(fingerprint: str, assignee: str, *, by: str | None, url: str | None) -> None:
    """Give an alert to somebody."""
    body = {"to": assignee, "by": by or getpass.getuser()}
    _call(url, f"{OWN}/alerts/{quote(fingerprint)}/assign", body, method="POST")
    tell(f"{fingerprint} is given to {assignee}")


@alerts.command()
@click.argument("fingerprint")
@click.argument("text")
@by_option
@url_option
def comment(fingerprint: str, text: str, *, by: str | None, url: str | None) -> None:
    """Say something about an alert; it stays in the history."""
    body = {"text": text, "by": by or getpass.getuser()}
    _call(url, f"{OWN}/alerts/{quote(fingerprint)}/comment", body, method="POST")


@alerts.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "duration", default="1h", show_default=True, metavar="DURATION")
@click.option("--comment", "words", required=True, help="Why.")
@click.option("--notices", is_flag=True, help="Tell the channels when it begins and ends.")
@click.option("--recurrence", default="", help="Time intervals (YAML) in which alone it holds.")
@by_option
@url_option
def silence(
    matchers: tuple[str, ...],
    *,
    duration: str,
    words: str,
    notices: bool,
    recurrence: str,
    by: str | None,
    url: str | None,
) -> None:
    """Silence the alerts that pass every matcher; prints the silence's id."""
    from tapewatch.alerting.matchers import parse_matchers

    with told_refusals():
        read = [each for text in matchers for each in parse_matchers(text)]
    body = {
        "matchers": [
            {
                "name": each.name,
                "value": each.value,
                "isRegex": each.pattern is not None,
                "isEqual": not each.kind.negative,
            }
            for each in read
        ],
        "startsAt": format_time_ns(time.time_ns()),
        "endsAt": _later(duration),
        "createdBy": by or getpass.getuser(),
        "comment": words,
        "notices": notices,
        "recurrence": recurrence,
    }
    click.echo(_call(url, "/api/v2/silences", body, method="POST")["silenceID"])


@alerts.command()
@click.argument("silence_id")
@url_option
def unsilence(silence_id: str, *, url: str | None) -> None:
    """End a silence now."""
    _call(url, f"/api/v2/silence/{quote(silence_id)}", method="DELETE")
    tell(f"{silence_id} has ended")


@alerts.command()
@matchers_argument
@click.option("--since", default="1d", show_default=True, metavar="DURATION", help="How far back.")
@click.option("--text", default="", help="Words that must occur.")
@click.option("--kind", multiple=True, help="Only this kind; may be given several times.")
@click.option("--limit", default=1000, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "jsonl", "csv"]), default="table")
@url_option
def history(
    matchers: tuple[str, ...],
    *,
    since: str,
    text: str,
    kind: tuple[str, ...],
    limit: int,
    form: str,
    url: str | None,
) -> None:
    """Show what happened: every transition, and every attempt to tell somebody."""
    since_ns = time.time_ns() - _milliseconds(since) * 1_000_000
    wanted = [("since", format_time_ns(since_ns)), ("limit", str(limit))]
    wanted += [("text", text)] if text else []
    wanted += [("kind", each) for each in kind]
    if form != "table":
        body = _fetch(url, f"{OWN}/history?{_query(matchers, [*wanted, ('format', form)])}")
        click.echo(body, nl=False)
        return
    found = _call(url, f"{OWN}/history?{_query(matchers, wanted)}")
    columns = ("At", "What", "Alert", "Receiver", "Who", "Told")
    table(columns, [_history_row(each) for each in reversed(found)])


@alerts.command()
@json_option
@url_option
def channels(*, as_json: bool, url: str | None) -> None:
    """Show how every channel is, and what waits for it."""
    found = _call(url, f"{OWN}/channels")

    def words(told: list[dict[str, Any]]) -> None:
        columns = ("Receiver", "Channel", "State", "Waiting", "Delivered", "Failed", "Words")
        keys = ("receiver", "integration", "condition", "waiting", "delivered", "failed", "words")
        table(columns, [[each[key] for key in keys] for each in told])

    emit(found, as_json=as_json, words=words)


@alerts.command()
@click.argument("labels", nargs=-1, required=True, metavar="NAME=VALUE...")
@json_option
@url_option
def route(labels: tuple[str, ...], *, as_json: bool, url: str | None) -> None:
    """Say where an alert with these labels would go."""
    if not all("=" in each for each in labels):
        raise click.UsageError("write labels as NAME=VALUE")
    pairs = dict(each.split("=", 1) for each in labels)
    found = _call(url, f"{OWN}/routes/test?{urlencode(pairs)}")

    def words(told: list[dict[str, Any]]) -> None:
        rows = [
            [each["receiver"], ", ".join(each["channels"]), each["route"], _pairs(each["group"])]
            for each in told
        ]
        table(("Receiver", "Channels", "Route", "Group"), rows)

    emit(found, as_json=as_json, words=words)


def _alert_words(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            each["fingerprint"],
            each["labels"].get("alertname", ""),
            each["status"]["state"],
            each["startsAt"],
            each["annotations"].get("summary", ""),
        ]
        for each in found
    ]
    table(("Fingerprint", "Alert", "State", "Since", "Summary"), rows)


def _explain_words(found: list[dict[str, Any]]) -> None:
    for each in found:
        click.echo(f"{each['fingerprint']}  {each['state']}  {_pairs(each['labels'])}")
        for verdict in each["verdicts"]:
            sent = "sent" if verdict["sent"] else "NOT SENT"
            click.echo(f"  {verdict['receiver']} {verdict['integration']}: {sent}")
            for why in verdict["why"]:
                click.echo(f"    - {why}")


def _pairs(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels.items())


def _history_row(each: dict[str, Any]) -> list[str]:
    alert = each["alert"] or each["group_key"]
    place = " ".join(part for part in (each["receiver"], each["integration"]) if part)
    return [each["at"], each["kind"], alert, place, each["by"], each["told"]]


def _query(matchers: tuple[str, ...], rest: list[tuple[str, str]] | None = None) -> str:
    return urlencode([*(("filter", each) for each in matchers), *(rest or [])])


def _is_fingerprint(text: str) -> bool:
    return len(text) == 16 and all(letter in "0123456789abcdef" for letter in text)


def _later(duration: str) -> str:
    return format_time_ns(time.time_ns() + _milliseconds(duration) * 1_000_000)


def _milliseconds(duration: str) -> int:
    with told_refusals():
        return parse_duration_ms(duration)


def _call(url: str | None, path: str, body: Any = None, *, method: str = "GET") -> Any:
    from tapewatch.client.connection import Connection

    with told_refusals():
        return Connection(url).call(path, body, method=method)


def _fetch(url: str | None, path: str) -> bytes:
    from tapewatch.client.connection import Connection

    with told_refusals():
        return Connection(url).fetch(path)[1]
