"""Metrics and their labels, as they are declared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal

from tapewatch.catalog.units import UNITS, unit_of_name
from tapewatch.document import nodes
from tapewatch.document.fields import option
from tapewatch.document.reading import NOTHING, Reader, join, suggestion
from tapewatch.model.numbers import format_float_go

NATIVE: Final = "native"
SERIES_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "counter": ("",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
    "info": ("",),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What a label can say: which values, or how many; unbounded where nothing is told."""

    help: str = option("What the label tells.", default="")
    values: tuple[str, ...] = option("Every value that it can have.", default=())
    at_most: int = option("How many values it has at most, where they cannot be listed.", default=0)
    private: bool = option("Whether its values must not leave the desk.", default=False)

    @property
    def value_count(self) -> int:
        """How many values there can be; 0 where nothing is told."""
        return len(self.values) or self.at_most


@dataclass(frozen=True, slots=True)
class LabelSet:
    """
    The labels of a metric.

    ``[venue, side]`` names labels that are declared in the section ``labels``; as a mapping each
    has its values (a list), its bound (a number), or nothing where it is declared there.
    """

    own: Mapping[str, Label | None] = field(default_factory=dict)

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a list of names, or a mapping from names to values or bounds."""
        if isinstance(node, nodes.Scalar) and node.is_null:
            return cls()
        if isinstance(node, nodes.Sequence):
            names = reader.read(node, tuple[str, ...], path)
            return NOTHING if names is NOTHING else cls(dict.fromkeys(names))
        if not isinstance(node, nodes.Mapping):
            return reader.fault(node, path, "must be a list of labels, or each with its values")
        read = {key: _label(each, reader, join(path, key)) for key, each in node.items.items()}
        return NOTHING if NOTHING in read.values() else cls(read)

    @staticmethod
    def schema_node() -> dict[str, Any]:
        """Describe both forms."""
        values = {"type": ["array", "integer", "null"], "items": {"type": "string"}}
        return {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": values},
            ]
        }

    def to_plain(self) -> Any:
        """Write the labels back in the shortest form."""
        if not any(self.own.values()):
            return list(self.own)
        return {
            name: (list(label.values) or label.at_most) if label else None
            for name, label in self.own.items()
        }


def _label(node: nodes.Node, reader: Reader, path: str) -> Any:
    if isinstance(node, nodes.Sequence):
        values = reader.read(node, tuple[str, ...], path)
        return NOTHING if values is NOTHING else Label(values=values)
    if isinstance(node, nodes.Scalar) and node.is_null:
        return None
    bound = reader.read(node, int, path)
    return NOTHING if bound is NOTHING else Label(at_most=bound)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The upper bounds of a classic histogram, without +Inf; a native one has none of its own."""

    bounds: tuple[float, ...] = ()
    native: bool = False

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a list of rising bounds, or the word ``native``."""
        if isinstance(node, nodes.Scalar) and node.text == NATIVE:
            return cls(native=True)
        if isinstance(node, nodes.Scalar) and not node.is_null:
            return reader.fault(node, path, f"{node.text!r} is neither native nor a list of bounds")
        bounds = reader.read(node, tuple[float, ...], path)
        if bounds is NOTHING:
            return NOTHING
        for one, following in pairwise(bounds):
            if one >= following:
                told = f"{format_float_go(following)} stands after {format_float_go(one)}"
                return reader.fault(node, path, f"bounds must rise: {told}")
        return cls(bounds)

    @staticmethod
    def schema_node() -> dict[str, Any]:
        """Describe both forms."""
        return {"anyOf": [{"const": NATIVE}, {"type": "array", "items": {"type": "number"}}]}

    def to_plain(self) -> Any:
        """Write the buckets back."""
        return NATIVE if self.native else list(self.bounds)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it counts, in what, and by which labels."""

    help: str = option("What it tells, in a sentence.")
    type: Literal["counter", "gauge", "histogram", "summary", "info"] | None = option(
        "Its type; a name that ends in _total is a counter, one with buckets a histogram, "
        "any other a gauge.",
        default=None,
    )
    unit: str = option("What its numbers are, where the name does not tell.", default="")
    labels: LabelSet = option("Its labels.", default_factory=LabelSet)
    buckets: Buckets = option(
        "The upper bounds of a histogram, or native.", default_factory=Buckets
    )
    signed: bool = option("Whether it can be below zero.", default=False)
    service: str = option("The service that exposes it; several may, then nothing.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the unit, and that only histograms have buckets."""
        if self.unit and self.unit not in UNITS:
            yield "unit", f"{self.unit!r} is not a unit{suggestion(self.unit, UNITS)}"
        has_buckets = self.buckets.native or self.buckets.bounds
        if has_buckets and self.type not in ("histogram", None):
            yield "buckets", f"a {self.type} has no buckets: only histograms have"
        if self.type == "histogram" and not has_buckets:
            yield "buckets", "a histogram needs its bounds, or the word native"


def type_of(name: str, metric: Metric) -> str:
    """Tell the type of a metric, from its name where it does not say."""
    if metric.type:
        return metric.type
    if metric.buckets.native or metric.buckets.bounds:
        return "histogram"
    return "counter" if name.endswith("_total") else "gauge"


def unit_of(name: str, metric: Metric) -> str:
    """Tell the unit of a metric, from its name where it does not say."""
    return metric.unit or unit_of_name(name)
