"""``tapewatch alerts test`` and ``alerts preview``: whether a channel works, and what it tells."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, table, tell
from tapewatch.cli.settings import find_settings, settings_options
from tapewatch.model.clock import SystemClock

if TYPE_CHECKING:
    from tapewatch.alerting.channels.base import BaseChannel
    from tapewatch.alerting.channels.channel import Outcome
    from tapewatch.alerting.channels.preview import Sheet
    from tapewatch.alerting.configuration import AlertmanagerConfig
    from tapewatch.alerting.notification import Notification
    from tapewatch.alerting.privacy.filter import Change

FIRING_NS = 300 * 1_000_000_000

EXTERNAL_URL = "http://127.0.0.1:7600"


@dataclass(frozen=True, slots=True)
class _Setup:
    """What the configuration says about channels."""

    config: "AlertmanagerConfig"
    folder: Path
    """Where the key of hashes is, once a server has run."""
    external_url: str = EXTERNAL_URL
    """Where links lead where the command does not say."""


external_url_option = click.option(
    "--external-url",
    metavar="URL",
    help="Where links lead. [default: server.external_url of the configuration]",
)


@click.command()
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
@click.option("--all", "every", is_flag=True, help="Test every channel there is.")
@external_url_option
@settings_options
@json_option
def test(
    channels: tuple[str, ...],
    file: Path | None,
    singles: tuple[str, ...],
    external_url: str | None,
    *,
    every: bool,
    as_json: bool,
) -> None:
    """
    Send a message that says it is a test, and report what came back.

    CHANNEL is a receiver, as in desk, or one of its channels, as in desk/slack/0. A page that is
    opened by the test is closed by it. Exit status 1 where one of them does not take it.

    \b
    Examples:
      tapewatch alerts test desk
      tapewatch alerts test desk/pagerduty/0 night/telegram/0
      tapewatch alerts test --all --config alertmanager.yml
    """
    setup = _setup(file, singles, external_url)
    made = list(_channels(setup, channels, every=every))
    outcomes = asyncio.run(_test_all([channel for _, channel in made]))
    rows = [_row(name, *pair) for (name, _), pair in zip(made, outcomes, strict=True)]

    def words(rows: list[dict[str, Any]]) -> None:
        table(
            ("channel", "result", "seconds", "what came back"),
            [(row["channel"], row["result"], row["seconds"], row["detail"]) for row in rows],
        )

    emit(rows, as_json=as_json, words=words)
    sys.exit(exits.FINE if all(row["result"] == "delivered" for row in rows) else exits.FAILED)


@click.command()
@click.argument("channel")
@click.option(
    "--alerts",
    "source",
    type=click.File("rb"),
    help="Alerts as JSON, as they are posted to /api/v2/alerts. [default: an example]",
)
@click.option("--resolved", is_flag=True, help="Show the message of the end.")
@external_url_option
@settings_options
@json_option
def preview(
    channel: str,
    source: Any,
    file: Path | None,
    singles: tuple[str, ...],
    external_url: str | None,
    *,
    resolved: bool,
    as_json: bool,
) -> None:
    """
    Show exactly what would leave by a channel, and what would be hashed or left out. Sends nothing.

    \b
    Examples:
      tapewatch alerts preview desk/slack/0
      tapewatch alerts preview desk/email/0 --alerts firing.json
      curl -s localhost:7600/api/v2/alerts | tapewatch alerts preview desk/slack/0 --alerts -
    """
    setup = _setup(file, singles, external_url)
    name, made = next(_channels(setup, (channel,), every=False))
    told = _notification(name, source, setup.external_url, resolved=resolved)
    sheets, changes, faults = asyncio.run(_preview(setup, made, told))
    result = {
        "channel": name,
        "destination": made.destination,
        "sheets": [{"where": sheet.where, "says": sheet.says} for sheet in sheets],
        "changes": [{"where": c.where, "name": c.name, "how": c.how} for c in changes],
        "template_faults": faults,
    }
    emit(result, as_json=as_json, words=_show)


def _show(result: dict[str, Any]) -> None:
    import json

    for sheet in result["sheets"]:
        click.echo(f"# {sheet['where']}")
        says = sheet["says"]
        text = says if isinstance(says, str) else json.dumps(says, indent=2, ensure_ascii=False)
        click.echo(text)
    for change in result["changes"]:
        tell(f"{change['where']} {change['name']}: {change['how']}".replace(" :", ":"))
    for fault in result["template_faults"]:
        tell(f"said plainly, since {fault}")


def _setup(file: Path | None, singles: tuple[str, ...], external_url: str | None) -> _Setup:
    from tapewatch.alerting.configuration import read_alertmanager_file
    from tapewatch.document.errors import DocumentError
    from tapewatch.document.nodes import Mapping, load

    try:
        if file is not None:
            tree = load(file)
            if isinstance(tree, Mapping) and "receivers" in tree.items:
                folder = Path("tapewatch-data/alerting")
                return _Setup(read_alertmanager_file(file), folder, external_url or EXTERNAL_URL)
        settings = find_settings(file, singles).read()
        folder = settings.data.directory / "alerting"
        url = external_url or settings.server.external_url or EXTERNAL_URL
        return _Setup(settings.alerting.configuration(), folder, url.rstrip("/"))
    except DocumentError as fault:
        tell(str(fault))
        sys.exit(exits.UNUSABLE)


def _channels(
    setup: _Setup, names: Sequence[str], *, every: bool
) -> Iterator[tuple[str, "BaseChannel[Any]"]]:
    from tapewatch.alerting.channels.registry import KINDS
    from tapewatch.alerting.channels.surroundings import Surroundings
    from tapewatch.alerting.templates import Words
    from tapewatch.document.reading import suggestion

    words = Words.from_patterns(Path(), [str(path) for path in setup.config.templates])
    around = Surroundings(words=words, external_url=setup.external_url)
    known = {
        f"{each.receiver}/{each.name}": each
        for integrations in setup.config.integrations.values()
        for each in integrations
    }
    if not names and not every:
        tell(f"name a channel, or --all; there are: {', '.join(known) or 'none'}")
        sys.exit(exits.UNUSABLE)
    for asked in known if every else names:
        chosen = [name for name in known if name == asked or name.startswith(f"{asked}/")]
        if not chosen:
            hint = suggestion(asked, [*known, *setup.config.integrations])
            tell(f"there is no channel {asked!r}{hint or ': ' + ', '.join(known)}")
            sys.exit(exits.UNUSABLE)
        for name in chosen:
            each = known[name]
            made: Any = KINDS[each.key].make(each.settings, around)
            yield name, made


async def _test_all(
    channels: Sequence["BaseChannel[Any]"],
) -> list[tuple["Outcome", float]]:
    return await asyncio.gather(*(_test(channel) for channel in channels))


async def _test(channel: "BaseChannel[Any]") -> tuple["Outcome", float]:
    clock = SystemClock()
    began_ns = clock.monotonic_ns()
    try:
        outcome = await channel.test()
    finally:
        channel.close()
    return outcome, (clock.monotonic_ns() - began_ns) / 1e9


def _row(name: str, outcome: "Outcome", seconds: float) -> dict[str, Any]:
    from tapewatch.alerting.channels.channel import Delivered, Retry

    result = "delivered" if isinstance(outcome, Delivered) else "refused"
    result = "not now" if isinstance(outcome, Retry) else result
    return {
        "channel": name,
        "result": result,
        "seconds": round(seconds, 3),
        "detail": outcome.detail,
    }


async def _preview(
    setup: _Setup, channel: "BaseChannel[Any]", told: "Notification"
) -> tuple[list["Sheet"], Sequence["Change"], list[str]]:
    from tapewatch.alerting.channels.preview import preview as preview_channel
    from tapewatch.alerting.delivery.composer import Composer
    from tapewatch.alerting.outbox import Parcel
    from tapewatch.alerting.privacy.filter import PrivacyFilter

    composer = Composer(PrivacyFilter(_key(setup.folder)), channel.surroundings.words)
    message = await composer.compose(Parcel(told, 1, {}, told.created_ns), channel)
    sheets = await preview_channel(channel, message.parcel, message.context)
    return sheets, message.changes, message.context.faults


def _key(folder: Path) -> bytes:
    from tapewatch.alerting.privacy.key import KEY_FILE, load_key

    if (folder / KEY_FILE).exists():
        return load_key(folder)
    tell("no server has run here yet: hashes are made with a key of this preview alone")
    return b"preview"


def _notification(name: str, source: Any, external_url: str, *, resolved: bool) -> "Notification":
    from dataclasses import replace

    from tapewatch.alerting.channels.sample import sample, sample_of

    receiver, _, integration = name.partition("/")
    now_ns = SystemClock().now_ns()
    if source is None:
        told = sample(now_ns, external_url, resolved=resolved)
    else:
        told = sample_of(source.read(), now_ns, external_url, resolved=resolved)
    return replace(told, receiver=receiver, integration=integration)
