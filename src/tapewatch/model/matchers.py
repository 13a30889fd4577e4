"""Matchers: one condition on one label, as in ``{venue="binance", symbol=~"BTC.*"}``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tapewatch.model.labels import METRIC_NAME, Labels, quote, quote_name
from tapewatch.model.regex import Regex, regex


class MatchKind(StrEnum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"

    @property
    def negative(self) -> bool:
        """Whether the matcher says what must not be."""
        return self in (MatchKind.NOT_EQUAL, MatchKind.NOT_REGEX)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on the value of one label; an absent label has the empty value."""

    kind: MatchKind
    name: str
    value: str
    pattern: Regex | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.kind in (MatchKind.REGEX, MatchKind.NOT_REGEX):
            object.__setattr__(self, "pattern", regex(self.value))

    def matches(self, value: str) -> bool:
        """Say whether a label with ``value`` passes."""
        if self.pattern is None:
            return (value == self.value) is (self.kind is MatchKind.EQUAL)
        return self.pattern.matches(value) is (self.kind is MatchKind.REGEX)

    @property
    def matches_empty(self) -> bool:
        """Whether a series without the label passes."""
        return self.matches("")

    def __str__(self) -> str:
        return f"{quote_name(self.name)}{self.kind}{quote(self.value)}"


def equal(name: str, value: str) -> Matcher:
    """Build the most common matcher."""
    return Matcher(MatchKind.EQUAL, name, value)


def named(metric: str) -> Matcher:
    """Build the matcher for a metric's name."""
    return equal(METRIC_NAME, metric)


def match_all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Say whether ``labels`` pass every matcher."""
    return all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
