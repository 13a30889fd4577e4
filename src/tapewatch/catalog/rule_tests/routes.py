"""Where alerts go in a test: routes, inhibition, silences and maintenance, without any message."""

from collections.abc import Mapping, Sequence

import yaml

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.configuration import AlertmanagerConfig, read_alertmanager_text
from tapewatch.alerting.inhibit import Inhibitor, InhibitRule
from tapewatch.alerting.intervals import Calendar
from tapewatch.alerting.matchers import Reading, parse_matchers
from tapewatch.alerting.routing import Route, build
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.routing import NOWHERE, action_of, routing
from tapewatch.catalog.rule_tests.errors import CannotRun
from tapewatch.catalog.rule_tests.format import SilenceCase
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import match_all

_FOREVER_NS = 2**62


class Routes:
    """The routes of a pack."""

    def __init__(self, catalog: Catalog) -> None:
        config = routing(catalog)
        # Who is told is asked here, not how: no secret of a channel has to be there.
        config["receivers"] = [{"name": receiver["name"]} for receiver in config["receivers"]]
        text = yaml.safe_dump(config, sort_keys=False)
        self.config: AlertmanagerConfig = read_alertmanager_text(text, file="the pack's routes")
        assert self.config.route is not None
        self.root: Route = build(self.config.route, Reading.UTF8)

    def channels_of(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Tell which channels an alert reaches, whatever holds it back."""
        return tuple(sorted(each for each in self._receivers(labels) if not action_of(each)))

    def actions_of(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Tell which actions an alert sets off."""
        return tuple(sorted(filter(None, map(action_of, self._receivers(labels)))))

    def _receivers(self, labels: Mapping[str, str]) -> set[str]:
        return {route.receiver for route in self.root.find(labels)} - {NOWHERE}

    def shown(
        self, firing: Sequence[Labels], silences: Sequence[SilenceCase], since_ms: int, at_ns: int
    ) -> dict[str, tuple[str, ...]]:
        """Tell which alerts every channel shows at a time."""
        quiet = [
            parse_matchers("{" + ",".join(each.matchers) + "}")
            for each in silences
            if each.from_ <= since_ms < each.to
        ]
        held = self._inhibitor(firing)
        told: dict[str, set[str]] = {}
        for labels in firing:
            silenced = any(match_all(matchers, labels) for matchers in quiet)
            if silenced or held.is_inhibited(labels, at_ns):
                continue
            for route in self.root.find(dict(labels)):
                if not (action_of(route.receiver) or self._muted(route, at_ns)):
                    told.setdefault(route.receiver, set()).add(labels.get("alertname"))
        told.pop(NOWHERE, None)
        return {channel: tuple(sorted(names)) for channel, names in sorted(told.items())}

    def _inhibitor(self, firing: Sequence[Labels]) -> Inhibitor:
        rules = [InhibitRule(each, Reading.UTF8) for each in self.config.inhibit_rules]
        inhibitor = Inhibitor(rules)
        for labels in firing:
            inhibitor.add(_state(labels))
        return inhibitor

    def _muted(self, route: Route, at_ns: int) -> bool:
        intervals = self.config.intervals
        return any(intervals[name].contains(at_ns, _no_calendar) for name in route.mute_intervals)


def _no_calendar(name: str) -> Calendar:
    raise CannotRun(f"the routes ask for the calendar {name!r}; guards stand in alerts")


def _state(labels: Labels) -> AlertState:
    return AlertState(
        fingerprint=labels.fingerprint(),
        labels=labels,
        annotations=Labels(),
        starts_ns=0,
        ends_ns=_FOREVER_NS,
        updated_ns=0,
        timeout=False,
        generator_url="",
    )
