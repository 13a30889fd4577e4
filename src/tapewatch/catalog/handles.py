"""
Typed handles of a pack's metrics: a Python module in which a wrong label is a type error.

Every counter, gauge and histogram that the pack's own services write becomes an attribute; its
labels are keyword arguments, and where their values are declared they are ``Literal`` types. What
others write (exporters, the agent, the SDK's own objects) is left out, because to declare it a
second time would be a conflict.
"""

import keyword
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.metric import Metric, type_of
from tapewatch.sdk.declaration import declared
from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.region.layout import Kind
from tapewatch.sdk.trading import metrics as written_by_the_sdk

_OTHERS: Final = (
    "container_",
    "http_",
    "kube_",
    "node_",
    "process_",
    "region_",
    "tapewatch_",
)
"""Names that begin so come from an exporter, the SDK's middleware, the agent or the server."""

_EXPORTER: Final = "_exporter"
_KINDS: Final = {"counter": Kind.COUNTER, "gauge": Kind.GAUGE, "histogram": Kind.HISTOGRAM}
_UNITS: Final = (
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "ms",
    "us",
    "ns",
    "bps",
    "usd",
    "bytes",
    "ratio",
)
"""Endings of names that the SDK is told as the unit; it needs the unit of times."""


@dataclass(frozen=True, slots=True)
class Handles:
    """A module, the metrics in it, and those that could not be declared, each with why."""

    text: str
    names: tuple[str, ...]
    left_out: tuple[str, ...]


def write_handles(catalog: Catalog, service: str = "") -> Handles:
    """Write the module of a pack, or of one of its services."""
    names, left_out, classes = [], [], []
    for name, metric in sorted(catalog.metrics.items()):
        if not is_own(name, metric) or (service and metric.service not in ("", service)):
            continue
        try:
            _check(catalog, name, metric)
        except BadDeclaration as fault:
            left_out.append(str(fault))
            continue
        names.append(name)
        classes.append(_class(catalog, name, metric))
    used = {type_of(name, catalog.metrics[name]).capitalize() for name in names}
    attributes = "\n".join(f"{_safe(name)} = {_class_name(name)}()" for name in names)
    head = _head(catalog.platform.name, service, sorted(used), literal="Literal[" in str(classes))
    text = "\n\n\n".join([head, *classes, attributes]) + "\n"
    return Handles(text, tuple(names), tuple(left_out))


def is_own(name: str, metric: Metric) -> bool:
    """Say whether the services of a pack write a metric themselves."""
    if metric.service.endswith(_EXPORTER) or type_of(name, metric) not in _KINDS:
        return False
    return name != "up" and not name.startswith(_OTHERS) and name not in _written_by_the_sdk()


def _written_by_the_sdk() -> frozenset[str]:
    told = (getattr(each, "name", "") for each in vars(written_by_the_sdk).values())
    return frozenset(name for name in told if isinstance(name, str))


def _check(catalog: Catalog, name: str, metric: Metric) -> None:
    kind = _KINDS[type_of(name, metric)]
    declared(
        kind,
        name,
        metric.help,
        labels=tuple(metric.labels.own),
        unit=_unit(name),
        cuts=metric.buckets.bounds,
    )
    for label in metric.labels.own:
        if not (label.isidentifier() or keyword.iskeyword(label)):
            raise BadDeclaration(name, f"has the label {label!r}", "it is no name in Python")
    assert name in catalog.metrics


def _unit(name: str) -> str:
    stem = name.removesuffix("_total")
    return next((unit for unit in _UNITS if stem.endswith(f"_{unit}")), "")


def _head(pack: str, service: str, kinds: Sequence[str], *, literal: bool) -> str:
    of = f"{pack}, service {service}" if service else pack
    again = f"tapewatch sdk generate {pack}" + (f" --service {service}" if service else "")
    lines = [
        f'"""Typed handles of the metrics of {of}."""',
        "",
        f"# Written by `{again}`: write it again, do not change it.",
        "# ruff: noqa: E501",
        "",
    ]
    if literal:
        lines += ["from typing import Literal", ""]
    handles = ", ".join(f"{kind}Handle" for kind in kinds)
    if kinds:
        lines += [
            f"from tapewatch.sdk import {', '.join(kinds)}",
            f"from tapewatch.sdk.region.cells import {handles}",
        ]
    return "\n".join(lines).rstrip()


def _class(catalog: Catalog, name: str, metric: Metric) -> str:
    kind = type_of(name, metric).capitalize()
    labels = list(metric.labels.own)
    typed = [f"{_safe(label)}: {_type(catalog, name, label)}" for label in labels]
    keywords = f"self, *, {', '.join(typed)}" if typed else "self"
    lines = [
        f"class {_class_name(name)}:",
        f"    {_docstring(metric.help)}",
        "",
        "    def __init__(self) -> None:",
        f"        self.instrument = {kind}(",
        *(f"            {each}," for each in _arguments(name, metric)),
        "        )",
        "",
        f"    def bind({keywords}) -> {kind}Handle:",
        '        """Give the handle of one series."""',
        f"        return self.instrument.bind({_given(labels)})",
    ]
    return "\n".join(_folded(line) for line in lines)


def _folded(line: str) -> str:
    """Put the arguments of a long definition on lines of their own."""
    if len(line) <= 100 or "def bind(" not in line:
        return line
    inside, answer = line.split("(", 1)[1].rsplit(")", 1)
    parts = _split(inside)
    return "\n".join(["    def bind(", *(f"        {part}," for part in parts), f"    ){answer}"])


def _split(arguments: str) -> list[str]:
    """Split at the commas that stand outside of brackets."""
    parts, depth = [""], 0
    for character in arguments:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _arguments(name: str, metric: Metric) -> Iterator[str]:
    yield repr(name).replace("'", '"')
    yield _quoted(metric.help)
    if metric.labels.own:
        yield f"labels={_tuple(map(_quoted, metric.labels.own))}"
    if unit := _unit(name):
        yield f"unit={_quoted(unit)}"
    if type_of(name, metric) == "histogram":
        if metric.buckets.bounds:
            yield f"cuts={_tuple(map(repr, metric.buckets.bounds))}"
        if metric.signed:
            yield "signed=True"


def _tuple(parts: Iterable[str]) -> str:
    told = list(parts)
    return f"({', '.join(told)}{',' if len(told) == 1 else ''})"


def _given(labels: Sequence[str]) -> str:
    """Hand labels on; one that is a word of the language goes by a dictionary."""
    plain = [f"{label}={label}" for label in labels if not keyword.iskeyword(label)]
    words = [f"{_quoted(label)}: {_safe(label)}" for label in labels if keyword.iskeyword(label)]
    return ", ".join([*plain, *([f"**{{{', '.join(words)}}}"] if words else [])])


def _type(catalog: Catalog, metric: str, label: str) -> str:
    values = catalog.label_of(metric, label).values
    return f"Literal[{', '.join(map(_quoted, values))}]" if values else "str"


def _safe(name: str) -> str:
    name = name.replace(":", "_")
    return f"{name}_" if keyword.iskeyword(name) or name == "self" else name


def _class_name(metric: str) -> str:
    return "_" + "".join(part.capitalize() for part in metric.replace(":", "_").split("_"))


def _docstring(help_text: str) -> str:
    words = textwrap.shorten(help_text.replace("\\", "\\\\").replace('"""', "'''"), 88)
    return f'"""{words}"""' if not words.endswith('"') else f'"""{words} """'


def _quoted(text: str) -> str:
    quoted = repr(text)
    return '"' + quoted[1:-1] + '"' if quoted[0] == "'" and '"' not in quoted else quoted
