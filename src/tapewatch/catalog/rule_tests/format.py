"""What may stand in a test file: promtool's format in full, and our own kinds of cases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.document import nodes
from tapewatch.document.fields import option
from tapewatch.document.reading import NOTHING, Reader
from tapewatch.document.types import DurationMs
from tapewatch.model.durations import parse_time_ms
from tapewatch.model.errors import BadText

_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: RFC 3339, or seconds since the epoch."""

    time_ms: int = 0

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a time."""
        text = reader.read(node, str, path)
        if text is NOTHING:
            return NOTHING
        try:
            return cls(parse_time_ms(text))
        except BadText as fault:
            return reader.fault(node, path, str(fault))

    @staticmethod
    def schema_node() -> dict[str, Any]:
        """Describe both forms."""
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class InputSeries:
    """A series that the rules find."""

    series: str = option("Its name and labels.")
    values: str = option("Its values, one for each interval: 1 2+3x4 _ stale {{count:5}}.")


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that has to be there."""

    exp_labels: dict[str, str] = option("Its labels, without alertname.", default_factory=dict)
    exp_annotations: dict[str, str] | None = option("What it says.", default=None)


@dataclass(frozen=True, slots=True)
class AlertCase:
    """All alerts of one name at one time."""

    eval_time: DurationMs = option("The time since the start.", default=0)
    alertname: str = option("The name.", default="")
    exp_alerts: tuple[ExpectedAlert, ...] = option("Every alert that has to be there.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that an alert is named."""
        if not self.alertname:
            yield "alertname", "is missing"


@dataclass(frozen=True, slots=True)
class ExpectedSample:
    """A sample that has to be there."""

    labels: str = option("Its name and labels.", default="")
    value: float = option("Its value.", default=0.0)
    histogram: str = option("Its value, where it is a native histogram.", default="")


@dataclass(frozen=True, slots=True)
class ExpressionCase:
    """What an expression gives at one time."""

    expr: str = option("The expression.")
    eval_time: DurationMs = option("The time since the start.", default=0)
    exp_samples: tuple[ExpectedSample, ...] = option(
        "Every sample that has to be there.", default=()
    )


@dataclass(frozen=True, slots=True)
class RouteCase:
    """Where an alert of some labels goes; ours."""

    exp_channels: tuple[str, ...] = option("The channels that it reaches.")
    exp_actions: tuple[str, ...] | None = option(
        "The actions that it sets off; not compared where nothing is said.", default=None
    )
    alertname: str = option("An alert of the pack, whose own labels are filled in.", default="")
    labels: dict[str, str] = option("Its labels.", default_factory=dict)


@dataclass(frozen=True, slots=True)
class SilenceCase:
    """A silence that holds for a while; ours."""

    matchers: tuple[str, ...] = option('What it holds back, as in venue="a".')
    to: DurationMs = option("Its end since the start.")
    from_: DurationMs = option("Its beginning since the start.", key="from", default=0)


@dataclass(frozen=True, slots=True)
class MessageCase:
    """Which alerts every channel would show at a time; ours."""

    eval_time: DurationMs = option("The time since the start.", default=0)
    exp_channels: dict[str, tuple[str, ...]] = option(
        "The names of the firing alerts that reach a channel, silences and the like left out.",
        default_factory=dict,
    )


@dataclass(frozen=True, slots=True)
class RuleTest:
    """Series, and what has to come of them."""

    name: str = option("What is tested.", default="")
    interval: DurationMs = option("The time between two values; as rules are evaluated.", default=0)
    start_timestamp: Moment = option("The time of the first value.", default_factory=Moment)
    input_series: tuple[InputSeries, ...] = option("The series.", default=())
    alert_rule_test: tuple[AlertCase, ...] = option("The alerts that fire.", default=())
    promql_expr_test: tuple[ExpressionCase, ...] = option("The values of expressions.", default=())
    external_labels: dict[str, str] = option("Labels of the server.", default_factory=dict)
    external_url: str = option("The address of the server.", default="")
    pending_test: tuple[AlertCase, ...] = option("The alerts that are pending; ours.", default=())
    route_test: tuple[RouteCase, ...] = option("Where alerts go; ours.", default=())
    silences: tuple[SilenceCase, ...] = option("What is held back; ours.", default=())
    message_test: tuple[MessageCase, ...] = option("What channels show; ours.", default=())
    calendars: dict[str, str] = option(
        "Whether a calendar is open, as values: 0x9 1x60; ours.", default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """A test file, or a further document of one."""

    rule_files: tuple[str, ...] = option("The rule files; in a pack its own rules.", default=())
    evaluation_interval: DurationMs = option("How often rules are evaluated.", default=_MINUTE_MS)
    group_eval_order: tuple[str, ...] = option("Groups that are evaluated first.", default=())
    fuzzy_compare: bool = option("Whether the last bit of a value may differ.", default=False)
    tests: tuple[RuleTest, ...] = option("The tests.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that no group is named twice."""
        for name in self.group_eval_order:
            if self.group_eval_order.count(name) > 1:
                yield "group_eval_order", f"group name repeated in evaluation order: {name}"
                return


OURS: Final = ("pending_test", "route_test", "silences", "message_test", "calendars")
"""The settings of a test that promtool does not know."""
