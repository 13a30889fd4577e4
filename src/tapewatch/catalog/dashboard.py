"""
Dashboards by intent: what is shown, in which order, never where in pixels.

A panel shows a metric, an expression or a log query. From a metric's type follows what is asked: a
counter shows its rate, a histogram its quantiles (or its buckets, as a heatmap), a gauge itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tapewatch.catalog.units import UNITS
from tapewatch.document import nodes
from tapewatch.document.fields import option
from tapewatch.document.reading import NOTHING, Reader, suggestion
from tapewatch.document.types import DurationMs

PanelKind = Literal[
    "number",
    "lines",
    "area",
    "bars",
    "gauge",
    "heatmap",
    "table",
    "status",
    "logs",
    "text",
    "alerts",
    "objective",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a panel shows: expressions by what they are called; one alone needs no word."""

    series: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read one text, a list of texts, or a mapping from words to texts."""
        if isinstance(node, nodes.Scalar):
            return cls({} if node.is_null else {"": node.text})
        if isinstance(node, nodes.Sequence):
            texts = reader.read(node, tuple[str, ...], path)
            return NOTHING if texts is NOTHING else cls({text: text for text in texts})
        texts = reader.read(node, dict[str, str], path)
        return NOTHING if texts is NOTHING else cls(texts)

    @staticmethod
    def schema_node() -> dict[str, Any]:
        """Describe the three forms."""
        text = {"type": "string"}
        return {
            "anyOf": [
                text,
                {"type": "array", "items": text},
                {"type": "object", "additionalProperties": text},
            ]
        }

    def to_plain(self) -> Any:
        """Write it back in the shortest form."""
        if list(self.series) == [""]:
            return self.series[""]
        return dict(self.series)


@dataclass(frozen=True, slots=True)
class Panel:
    """One thing to see."""

    title: str = option("What it shows, in a few words.")
    kind: PanelKind = option("How it is shown.", default="lines")
    show: Shown = option(
        "A metric, an expression, a log query or an objective; several as a mapping by their word.",
        default_factory=Shown,
    )
    where: str = option('Matchers for a metric that is shown, as in side="buy".', default="")
    by: tuple[str, ...] = option("Labels that lines are told apart by.", default=())
    unit: str = option("Its unit, where the metric's is not right.", default="")
    quantiles: tuple[float, ...] = option(
        "The quantiles that are shown of a histogram.", default=(0.5, 0.95, 0.99)
    )
    compare: DurationMs = option("Shows the same so long ago beside it.", default=0)
    limit: str = option("The limit that is drawn as a line.", default="")
    wide: int = option("How wide it is, in parts of its row.", default=1, low=1, high=12)
    text: str = option("The words of a text panel, in Markdown.", default="")
    help: str = option("What to look for.", default="")

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the unit, and that there is something to show."""
        if self.unit and self.unit not in UNITS:
            yield "unit", f"{self.unit!r} is not a unit{suggestion(self.unit, UNITS)}"
        if self.kind == "text" and not self.text:
            yield "text", "a text panel needs its words"
        if self.kind not in ("text", "alerts") and not self.show.series:
            yield "show", "is missing: name a metric, an expression, a log query or an objective"
        for quantile in self.quantiles:
            if not 0 <= quantile <= 1:
                yield "quantiles", f"{quantile} is not between 0 and 1"


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side."""

    title: str = option("What they have in common.")
    panels: tuple[Panel, ...] = option("The panels, from left to right.")
    each: str = option("A variable for whose every value the row is repeated.", default="")
    folded: bool = option("Whether it is closed at first.", default=False)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One page."""

    title: str = option("Its name for people.")
    rows: tuple[Row, ...] = option("The rows, from top to bottom.")
    help: str = option("Whom it serves, and with which question.", default="")
    refresh: DurationMs = option("How often it is asked anew.", default=10_000)
    span: DurationMs = option("How far it looks back.", default=3_600_000)
    choose: tuple[str, ...] = option(
        "Labels that a reader can choose values of; every panel follows.", default=()
    )
    calendar: str = option("The calendar whose sessions are shaded.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )
