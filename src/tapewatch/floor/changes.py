"""
What a fault does to one number, while it lasts.

A change is asked for every value that a service is about to tell, and answers what is told in its
place. It knows for how long the fault has lasted, and keeps nothing: when the fault is over, the
next value is told as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

AnyValue = float | str


@dataclass(frozen=True, slots=True)
class Hold:
    """A gauge or a state says this, and nothing else."""

    metric: str
    held: AnyValue
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:  # noqa: ARG002 # One shape.
        return self.held


@dataclass(frozen=True, slots=True)
class Times:
    """A value is so many times what it would be; for counters, what is added."""

    metric: str
    factor: float
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:  # noqa: ARG002 # One shape.
        return float(value) * self.factor


@dataclass(frozen=True, slots=True)
class Plus:
    """A gauge is off by so much at once, and by more with every second."""

    metric: str
    amount: float
    per_second: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:
        return float(value) + self.amount + self.per_second * (now_s - began_s)


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is told any more: gauges stand, counters do not count."""

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> None:  # noqa: ARG002 # One shape.
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time stamp tells when the fault began, or so many seconds after (before, below zero)."""

    metric: str
    after_s: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:  # noqa: ARG002 # One shape.
        return began_s + self.after_s


@dataclass(frozen=True, slots=True)
class Again:
    """A time stamp moves to the present again and again, as a start time in a crash loop does."""

    metric: str
    every_s: float
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:  # noqa: ARG002 # One shape.
        return now_s - (now_s - began_s) % self.every_s


@dataclass(frozen=True, slots=True)
class Flow:
    """Each counter grows by so much a second besides, or each histogram sees ``seen`` so often."""

    metric: str
    per_second: float
    seen: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: AnyValue, began_s: float, now_s: float) -> AnyValue:  # noqa: ARG002 # One shape.
        return value


Change = Hold | Times | Plus | Stop | Moment | Again | Flow


@dataclass(frozen=True, slots=True)
class Active:
    """A change that holds now, with when it began."""

    change: Change
    began_s: float

    def concerns(self, labels: Mapping[str, str]) -> bool:
        """Whether the series with these labels is changed."""
        return all(labels.get(name) == value for name, value in self.change.labels.items())


class Changes:
    """The changes that hold now, by metric."""

    def __init__(self) -> None:
        self._by_metric: dict[str, tuple[Active, ...]] = {}

    def replace(self, active: Iterable[Active]) -> None:
        """Let these changes hold, and no others."""
        found: dict[str, tuple[Active, ...]] = {}
        for each in active:
            found[each.change.metric] = (*found.get(each.change.metric, ()), each)
        self._by_metric = found

    def of(self, metric: str) -> tuple[Active, ...]:
        """The changes of one metric."""
        return self._by_metric.get(metric, ())

    def flows(self) -> list[Active]:
        """What grows besides."""
        return [
            each
            for active in self._by_metric.values()
            for each in active
            if isinstance(each.change, Flow)
        ]
