"""
The ``alerting:`` section: an ``alertmanager.yml`` in place or in its own file, and our limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tapewatch.alerting.actions.settings import ActionsSettings
from tapewatch.alerting.configuration import AlertmanagerConfig, read_alertmanager_file
from tapewatch.alerting.errors import AlertingError
from tapewatch.alerting.heartbeats.settings import DigestSettings, HeartbeatSettings
from tapewatch.alerting.inhibit import InhibitRule
from tapewatch.alerting.matchers import Reading
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.alerting.plan import Limits
from tapewatch.alerting.redirect import check_inbox, to_inbox
from tapewatch.alerting.routing import MS, build
from tapewatch.alerting.silences import SilenceLimits
from tapewatch.document.errors import DocumentError
from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs, FilePath, SizeBytes
from tapewatch.metrics.scrape.secrets import InlineSecret

DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class AlertingSettings(AlertmanagerConfig):
    """Everything about alerting."""

    config_file: FilePath | None = option(
        "An alertmanager.yml that is used as it is, instead of the sections here.", default=None
    )
    matchers: Reading = option(
        "How texts of matchers are read: both ways, or as one of Alertmanager's feature flags.",
        default=Reading.FALLBACK,
    )
    fallback: str = option(
        "The receiver that takes over what a channel refuses; empty is none.", default=""
    )
    inbox: str = option(
        "An inbox on this machine that gets every message in the stead of people; for drills.",
        default="",
    )
    alerts_max: int = option("Most alerts that are known at once.", default=200_000, low=1)
    alerts_per_name_max: int = option(
        "Most alerts with the same alertname; 0 is without limit.", default=0, low=0
    )
    listed_max: int = option("Most alerts that one notification lists.", default=1000, low=1)
    fold_above: int = option(
        "How many messages wait before people in a storm, the rest is told together; 0 never is.",
        default=10,
        low=0,
    )
    silences_max: int = option("Most silences; 0 is without limit.", default=0, low=0)
    silence_size_max: SizeBytes = option("Largest silence; 0 is without limit.", default=0)
    retention: DurationMs = option(
        "How long ended silences, and what was told of groups that are over, are remembered.",
        default=5 * DAY_MS,
        low=1,
    )
    history_keep: DurationMs = option(
        "How long the history of alerts and deliveries is kept.", default=90 * DAY_MS, low=1
    )
    restart_grace: DurationMs = option(
        "How long after a restart a sender may take to say again that an alert goes on.",
        default=150_000,
    )
    on_call: OnCallSettings = option("", default_factory=OnCallSettings)
    actions: ActionsSettings = option("", default_factory=ActionsSettings)
    watchdog: bool = option(
        "Whether the alert Watchdog fires always, for those who page when it stops.", default=False
    )
    heartbeats: tuple[HeartbeatSettings, ...] = option(
        "Who outside is told that alerting lives.", default=()
    )
    digest: DigestSettings | None = option(
        "A message a day that says that alerting lives.", default=None
    )
    peers: tuple[str, ...] = option(
        "The addresses of servers that share silences and what was told.", default=()
    )
    peer_token: InlineSecret | None = option(
        "The token that peers show each other; server.auth_token, where that is set.", default=None
    )
    peer_wait: DurationMs = option(
        "How long a server waits for the one before it to send.", default=5_000, low=100
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check both ways to configure, and read every text the way that was chosen."""
        yield from AlertmanagerConfig.faults(self)
        if self.config_file is not None and (self.route or self.receivers):
            yield "config_file", "excludes route and receivers: write them in one place"
            return
        if self.inbox and (words := check_inbox(self.inbox)):
            yield "inbox", words
            return
        try:
            config = self.configuration()
            if config.route is not None:
                build(config.route, self.matchers)
            for rule in config.inhibit_rules:
                InhibitRule(rule, self.matchers)
        except DocumentError as fault:
            yield from (("config_file", str(each)) for each in fault.faults)
            return
        except AlertingError as fault:
            yield "matchers", str(fault)
            return
        known = {each.name for each in config.receivers}
        if self.fallback and self.fallback not in known:
            yield "fallback", f"there is no receiver {self.fallback!r}"
        yield from self._crew_faults(known)

    def _crew_faults(self, known: set[str]) -> Iterator[tuple[str, str]]:
        if self.peers and not self.peer_token:
            yield "peer_token", "is missing: peers must know each other by a token"
        if not known:
            return  # The receivers of packs come later.
        if self.digest is not None and self.digest.receiver not in known:
            yield "digest.receiver", f"there is no receiver {self.digest.receiver!r}"
        for path, words in self.on_call.unknown_receivers(known):
            yield f"on_call.{path}", words

    def configuration(self) -> AlertmanagerConfig:
        """Give what is to be used; raises ``DocumentError`` where the other file is wrong."""
        config = self if self.config_file is None else read_alertmanager_file(self.config_file)
        return to_inbox(config, self.inbox) if self.inbox else config

    def limits(self) -> Limits:
        """Give the limits in the desk's units."""
        return Limits(
            alerts_max=self.alerts_max,
            per_name_max=self.alerts_per_name_max,
            listed_max=self.listed_max,
            fold_above=self.fold_above,
            silences=SilenceLimits(self.silences_max, self.silence_size_max, self.retention * MS),
            history_keep_ns=self.history_keep * MS,
            told_keep_ns=self.retention * MS,
            grace_ns=self.restart_grace * MS,
        )
