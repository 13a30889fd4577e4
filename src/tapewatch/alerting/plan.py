"""The plan: a configuration made ready to decide by, and replaced whole on a reload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tapewatch.alerting.configuration import (
    AlertmanagerConfig,
    Integration,
    RouteSettings,
)
from tapewatch.alerting.inhibit import InhibitRule
from tapewatch.alerting.intervals import Calendars, NamedIntervals
from tapewatch.alerting.matchers import Reading
from tapewatch.alerting.routing import MS, Route, build
from tapewatch.alerting.silences import SilenceLimits
from tapewatch.model.labels import EMPTY, Labels

EDITING: Final = frozenset(
    {"discord", "file", "opsgenie", "pagerduty", "telegram", "webhook", "command"}
)
"""Kinds that take a change of what they were told as a change, and not as one more message."""

CHATS: Final = frozenset(
    {
        *("discord", "email", "mattermost", "msteams", "msteamsv2", "ntfy", "pushover"),
        *("rocketchat", "slack", "telegram", "webex", "wechat"),
    }
)
"""Kinds that people read one by one; the others are read by programs, which want everything."""

NOBODY: Final = RouteSettings(receiver="nobody")
"""The tree of a server whose configuration names no receivers: alerts are kept and shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept and told; 0 is without limit."""

    alerts_max: int = 200_000
    per_name_max: int = 0
    listed_max: int = 1000
    """How many alerts one notification lists; it says how many more there are."""
    fold_above: int = 10
    """How many messages wait in front of people in a storm; the rest is told together."""
    silences: SilenceLimits = field(default_factory=SilenceLimits)
    history_keep_ns: int = 90 * 86_400_000_000_000
    told_keep_ns: int = 120 * 3_600_000_000_000
    """How long the notified log remembers a group that is over."""
    grace_ns: int = 150_000_000_000
    """How long after a restart a sender may take to say again that an alert goes on."""


class Plan:
    """What decides about alerts: routes, rules, intervals, receivers and limits."""

    def __init__(
        self,
        config: AlertmanagerConfig,
        calendars: Calendars,
        *,
        reading: Reading = Reading.FALLBACK,
        limits: Limits | None = None,
        external_url: str = "",
    ) -> None:
        self.config = config
        self.reading = reading
        self.limits = limits or Limits()
        self.external_url = external_url
        self.calendars = calendars
        self.root: Route = build(config.route or NOBODY, reading)
        self.inhibit_rules = [InhibitRule(each, reading) for each in config.inhibit_rules]
        self.integrations: Mapping[str, tuple[Integration, ...]] = config.integrations
        self.intervals: Mapping[str, NamedIntervals] = config.intervals
        self._receiver_labels = {each.name: Labels.of(each.labels) for each in config.receivers}
        self.resolve_timeout_ns = config.global_.resolve_timeout * MS

    def receiver_labels(self, name: str) -> Labels:
        """Give the labels by which a receiver can be found."""
        return self._receiver_labels.get(name, EMPTY)

    def muted_by(self, route: Route, now_ns: int) -> tuple[str, ...]:
        """Give the names of the intervals that keep a route quiet at a time."""
        active = route.active_intervals
        if active and not any(self._inside(name, now_ns) for name in active):
            return active
        return tuple(name for name in route.mute_intervals if self._inside(name, now_ns))

    def _inside(self, name: str, now_ns: int) -> bool:
        return self.intervals[name].contains(now_ns, self.calendars)


def edits(integration: Integration) -> bool:
    """Say whether a channel writes changes into the message it has sent."""
    wanted = integration.settings.tapewatch.update
    if wanted is not None:
        return wanted
    kind = integration.name.partition("/")[0]
    if kind == "slack":
        settings = integration.settings
        return any(getattr(settings, name, None) for name in ("app_token", "app_token_file"))
    return kind in EDITING


def folds(integration: Integration) -> bool:
    """Say whether a channel tells a storm together, and not group by group."""
    wanted = integration.settings.tapewatch.fold
    return integration.name.partition("/")[0] in CHATS if wanted is None else wanted
