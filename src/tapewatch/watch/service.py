"""
Watching as one service: rules read, evaluated and told.

It has the shape of a component of the server, as ``metrics/service.py`` has, whose database it
reads and writes.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Final

from tapewatch.metrics.promql.features import Features
from tapewatch.metrics.service import MetricsService
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, family, gauge
from tapewatch.watch.alert import AlertSink
from tapewatch.watch.baton import PATIENCE_S
from tapewatch.watch.calendars.calendar import check_calendars
from tapewatch.watch.calendars.writer import CalendarWriter
from tapewatch.watch.rules.files import GroupSource, load_rules
from tapewatch.watch.rules.group import Group, Usual
from tapewatch.watch.rules.languages import Evaluator
from tapewatch.watch.rules.promql import EngineEvaluator, PromQL, RemoteEvaluator
from tapewatch.watch.rules.restore import Tolerance
from tapewatch.watch.rules.rule import Surroundings
from tapewatch.watch.rules.views import GroupView
from tapewatch.watch.sender import AlertmanagerSender
from tapewatch.watch.settings import WatchSettings
from tapewatch.watch.watcher import Watcher

log = logging.getLogger(__name__)

_MS: Final = 1_000_000


class WatchService:
    """Owns rules, calendars and the senders to other Alertmanagers."""

    name = "watch"
    needs: Sequence[str] = ("metrics",)

    def __init__(
        self, settings: WatchSettings, metrics: MetricsService, clock: Clock, *, external_url: str
    ) -> None:
        self.settings = settings
        self.external_url = external_url
        self.sinks: list[AlertSink] = []
        """Who is told of alerts besides the Alertmanagers of the settings."""
        self._metrics = metrics
        self._clock = clock
        self._watcher: Watcher | None = None
        self._senders: list[AlertmanagerSender] = []
        self._calendars = CalendarWriter((), clock)
        self._changed = asyncio.Event()
        self._sources: Sequence[GroupSource] = ()
        self._sending: list[asyncio.Task[None]] = []

    # As a component.

    async def start(self) -> None:
        """Begin to evaluate."""
        settings = self.settings
        self._sources = read_sources(settings, self._features)
        arrivals = None
        if settings.on_arrival and not settings.engine_url:
            arrivals = self._metrics.database.arrivals
        self._watcher = Watcher(
            self._clock,
            arrivals,
            concurrency=settings.concurrency,
            floor_ns=settings.arrival_floor * _MS,
        )
        await self._use(restores=True)
        self._watcher.start()

    async def run(self) -> None:
        """Take over new settings whenever there are some."""
        assert self._watcher is not None
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._use(restores=False)

    async def stop(self) -> str:
        """Stop evaluating; what was told and written stays."""
        watcher, self._watcher = self._watcher, None
        if watcher is None:
            return ""
        await watcher.stop()
        await self._calendars.stop()
        await self._stop_senders()
        return ""

    def ready(self) -> bool:
        """Say whether rules are evaluated."""
        return self._watcher is not None

    def apply(self, settings: WatchSettings, *, external_url: str) -> None:
        """Use new settings and read the rule files again; raises ``DocumentError`` beforehand."""
        self._sources = read_sources(settings, self._features)
        self.settings = settings
        self.external_url = external_url
        self._changed.set()

    # What others ask.

    def groups(self) -> Sequence[GroupView]:
        """Return all groups, ordered by file and name."""
        return [group.view() for group in self._groups()]

    def alertmanagers(self) -> Sequence[str]:
        """Return the addresses that alerts are sent to."""
        return [sender.url for sender in self._senders]

    def families(self) -> Iterator[Family]:
        """Yield how groups and rules are."""
        groups = self._groups()
        yield gauge("tapewatch_rule_groups", "Groups of rules.", len(groups))
        yield gauge("tapewatch_rules", "Rules.", sum(len(group.rules) for group in groups))
        for name, kind, words, value in _GROUP_METRICS:
            values = [(_labels_of(group), value(group)) for group in groups]
            yield family(name, kind, words, values)
        for sender in self._senders:
            yield from sender.families()

    def _groups(self) -> Sequence[Group]:
        return self._watcher.groups if self._watcher is not None else ()

    # Reading and using settings.

    @property
    def _features(self) -> Features:
        return self._metrics.settings.query.engine.features

    async def _use(self, *, restores: bool) -> None:
        assert self._watcher is not None
        settings, usual = self.settings, self._usual()
        watcher = self._watcher
        watcher.allowance.share = settings.arrival_share
        # Another server evaluates beside us, so nobody has to wait there.
        watcher.baton.patience_s = 0.0 if settings.engine_url else PATIENCE_S
        await self._use_senders()
        watcher.sinks = [*self.sinks, *self._senders]
        await watcher.apply(self._sources, usual, self._surroundings(), restores=restores)
        await self._calendars.stop()
        self._calendars = CalendarWriter(settings.calendars, self._clock)
        self._calendars.start(self._metrics.database)

    def _usual(self) -> Usual:
        settings, common = self.settings, self._metrics.settings.scraping().global_
        interval_ms = settings.evaluation_interval
        offset_ms = settings.query_offset
        return Usual(
            common.evaluation_interval if interval_ms is None else interval_ms,
            common.rule_query_offset if offset_ms is None else offset_ms,
            Tolerance(settings.for_outage_tolerance * _MS, settings.for_grace_period * _MS),
        )

    def _surroundings(self) -> Surroundings:
        settings = self.settings
        return Surroundings(
            evaluator=self._evaluator(),
            intake=self._metrics.database,
            external_url=self.external_url,
            external_labels=self._metrics.external_labels,
            deadline_s=settings.rule_deadline / 1000,
            resend_ns=settings.resend_delay * _MS,
        )

    def _evaluator(self) -> Evaluator:
        if self.settings.engine_url:
            return RemoteEvaluator(self.settings.engine_url)
        return EngineEvaluator(lambda: self._metrics.engine, self._metrics.database)

    async def _use_senders(self) -> None:
        await self._stop_senders()
        self._senders = [
            AlertmanagerSender(each, self._clock) for each in self.settings.alertmanagers
        ]
        self._sending = [
            asyncio.create_task(each.run(), name="alertmanager") for each in self._senders
        ]

    async def _stop_senders(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        for sender in self._senders:
            sender.close()
        self._senders, self._sending = [], []


def read_sources(settings: WatchSettings, features: Features) -> Sequence[GroupSource]:
    """Read the rule files; raises ``DocumentError`` for what is wrong with them or the settings."""
    check_calendars(settings.calendars)
    return load_rules(settings.rule_files, PromQL(features))


def _labels_of(group: Group) -> Labels:
    return Labels.of(rule_group=group.name, rule_file=group.file)


_GROUP_METRICS: Final = (
    (
        "tapewatch_rule_group_evaluations_total",
        MetricType.COUNTER,
        "How often a group was evaluated.",
        lambda group: group.turns,
    ),
    (
        "tapewatch_rule_group_evaluations_missed_total",
        MetricType.COUNTER,
        "Turns that were missed because the one before took too long.",
        lambda group: group.missed,
    ),
    (
        "tapewatch_rule_group_duration_seconds",
        MetricType.GAUGE,
        "How long the last evaluation of a group took.",
        lambda group: group.seconds,
    ),
    (
        "tapewatch_rule_group_evaluated_timestamp_seconds",
        MetricType.GAUGE,
        "When a group was evaluated last.",
        lambda group: group.at_ns / 1e9,
    ),
    (
        "tapewatch_rule_failures_total",
        MetricType.COUNTER,
        "Evaluations of rules that failed.",
        lambda group: sum(rule.health.failures for rule in group.rules),
    ),
    (
        "tapewatch_rules_failing",
        MetricType.GAUGE,
        "Rules that could not be evaluated the last time.",
        lambda group: len(group.failing),
    ),
)
