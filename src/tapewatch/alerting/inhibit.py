"""
Inhibition: an alert that fires keeps others quiet that only follow from it.

A rule has a source side, a target side and labels that both must have in common. An alert that is
on both sides of a rule is never inhibited by another one that is on both sides, else the two would
keep each other quiet.
"""

from collections.abc import Iterator, Sequence

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.configuration import InhibitSettings
from tapewatch.alerting.matchers import Reading
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all


class InhibitRule:
    """One rule, with the alerts that are on its source side."""

    def __init__(self, settings: InhibitSettings, reading: Reading) -> None:
        self.name = settings.name
        self.source: tuple[Matcher, ...] = settings.source(reading)
        self.target: tuple[Matcher, ...] = settings.target(reading)
        self.equal = tuple(sorted(settings.equal))
        self._sources: dict[Labels, dict[str, tuple[AlertState, bool]]] = {}

    def add(self, state: AlertState) -> bool:
        """Take note of a new alert; says whether it is on the source side."""
        if not match_all(self.source, state.labels):
            return False
        both = match_all(self.target, state.labels)
        sources = self._sources.setdefault(state.labels.keep(self.equal), {})
        sources[state.fingerprint] = (state, both)
        return True

    def remove(self, state: AlertState) -> None:
        """Forget an alert."""
        common = state.labels.keep(self.equal)
        sources = self._sources.get(common)
        if sources is not None:
            sources.pop(state.fingerprint, None)
            if not sources:
                del self._sources[common]

    def inhibits(self, labels: Labels, now_ns: int) -> Iterator[str]:
        """Yield the fingerprints of the alerts that keep one with ``labels`` quiet."""
        if not self._sources or not match_all(self.target, labels):
            return
        both = match_all(self.source, labels)
        for state, source_is_both in self._sources.get(labels.keep(self.equal), {}).values():
            if not (both and source_is_both) and not state.is_resolved(now_ns):
                yield state.fingerprint


class Inhibitor:
    """All rules."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self.rules = rules

    def add(self, state: AlertState) -> bool:
        """Take note of a new alert; says whether it can inhibit any."""
        on_source_side = [rule.add(state) for rule in self.rules]
        return any(on_source_side)

    def remove(self, state: AlertState) -> None:
        """Forget an alert."""
        for rule in self.rules:
            rule.remove(state)

    def inhibited_by(self, labels: Labels, now_ns: int) -> list[str]:
        """Give the fingerprints of the alerts that keep one with ``labels`` quiet."""
        found: dict[str, None] = {}
        for rule in self.rules:
            found.update(dict.fromkeys(rule.inhibits(labels, now_ns)))
        return list(found)

    def is_inhibited(self, labels: Labels, now_ns: int) -> bool:
        """Say whether any alert keeps one with ``labels`` quiet."""
        return any(True for rule in self.rules for _ in rule.inhibits(labels, now_ns))
