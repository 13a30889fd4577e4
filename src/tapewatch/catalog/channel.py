"""Channels that messages go to, and actions that alerts set off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs

ChannelKind = Literal[
    "slack",
    "pagerduty",
    "email",
    "discord",
    "webhook",
    "msteams",
    "opsgenie",
    "telegram",
    "mattermost",
    "pushover",
    "ntfy",
    "command",
    "file",
]
PAGERS: Final = frozenset(("pagerduty", "opsgenie", "pushover", "telegram", "ntfy", "webhook"))
"""The kinds that can wake somebody."""
_NEEDS_PLACE: Final[Mapping[str, str]] = {
    "email": "the address of the mailbox",
    "command": "the program",
    "file": "the path",
    "telegram": "the number of the chat",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One place that messages go to."""

    kind: ChannelKind = option("What it is.")
    to: str = option(
        "The mailbox, the chat channel, the address, the program or the path.", default=""
    )
    secret: str = option(
        "The file, below the directory of secrets, that holds its key or address.", default=""
    )
    help: str = option("Who reads it.", default="")
    resolved: bool = option("Whether it is told when an alert has ended.", default=True)
    settings: dict[str, Any] = option(
        "More settings of its kind, under the names that Alertmanager uses.", default_factory=dict
    )
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that there is a place to send to."""
        if self.kind in _NEEDS_PLACE and not self.to:
            yield "to", f"is missing: {_NEEDS_PLACE[self.kind]}"
        elif not (self.to or self.secret):
            yield "secret", "is missing: the file that holds its key or address"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that an alert does by itself, such as stopping all trading."""

    kind: Literal["webhook", "command", "kill_switch"] = option("How it is done.")
    to: str = option("The address that is called, the program that runs, or the switch's name.")
    help: str = option("What it does, and how it is undone.")
    arguments: tuple[str, ...] = option("The arguments of the program.", default=())
    secret: str = option("The file that holds the token of the address.", default="")
    timeout: DurationMs = option("How long it may take.", default=10_000)
    confirm: bool = option("Whether a person has to agree first.", default=False)
    service: str = option("Whose switch is tripped; empty is every process's.", default="")
    cool_down: DurationMs = option("How long it is left alone once it was done.", default=300_000)
