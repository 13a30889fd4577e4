"""Rules as the API, the console and the command line show them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tapewatch.model.labels import EMPTY, Labels

ALERTING: Final = "alerting"
RECORDING: Final = "recording"


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert that is pending or firing."""

    labels: Labels
    annotations: Labels
    state: str
    active_at_ns: int
    value: float
    keep_firing_since_ns: int = 0


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule; what only alerting rules have is empty for recording ones."""

    kind: str
    name: str
    query: str
    labels: Labels = EMPTY
    annotations: Labels = EMPTY
    state: str = ""
    for_seconds: float = 0.0
    keep_firing_seconds: float = 0.0
    alerts: Sequence[AlertView] = ()
    health: str = "unknown"
    last_error: str = ""
    evaluation_seconds: float = 0.0
    last_evaluation_ns: int = 0


@dataclass(frozen=True, slots=True)
class GroupView:
    """Rules that are evaluated together."""

    name: str
    file: str
    interval_seconds: float
    rules: Sequence[RuleView] = field(default=())
    limit: int = 0
    evaluation_seconds: float = 0.0
    last_evaluation_ns: int = 0
