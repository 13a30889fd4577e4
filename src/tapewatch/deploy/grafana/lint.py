"""
What no schema finds in a dashboard: questions that cannot be read, names that nobody knows.

A dashboard that is valid JSON still shows "No data" when a metric was renamed, when a variable is
used that is not defined, or when two panels lie on each other.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import rule_groups
from tapewatch.catalog.meaning import name_of
from tapewatch.catalog.vocabulary import Vocabulary
from tapewatch.deploy.grafana.look import PLUGINS, UNITS, Plain
from tapewatch.metrics.promql.nodes import VectorSelector, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.errors import TapewatchError

_VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::\w+)?\}|([A-Za-z_]\w*))")
_GRID: Final = 24
_KNOWN_UNITS: Final = frozenset(UNITS.values())
_BUILT_IN: Final = "__"
"""Variables that begin so are Grafana's own."""


def lint(dashboard: Plain, catalog: Catalog) -> list[str]:
    """Say everything that is wrong with a dashboard."""
    panels = list(_panels(dashboard["panels"]))
    return [
        *_ids(panels),
        *_places(panels),
        *_variables(dashboard, panels),
        *(fault for panel in panels for fault in _panel(panel, catalog)),
    ]


def _panels(panels: Sequence[Plain]) -> Iterator[Plain]:
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", ()))


def _ids(panels: Sequence[Plain]) -> Iterator[str]:
    for number, times in Counter(panel["id"] for panel in panels).items():
        if times > 1:
            yield f"{times} panels have the id {number}"


def _places(panels: Sequence[Plain]) -> Iterator[str]:
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > _GRID:
            yield f"panel {panel['title']!r} reaches beyond the {_GRID} columns"
    for one, other in combinations(panels, 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"panels {one['title']!r} and {other['title']!r} lie on each other"


def _overlap(one: Plain, other: Plain) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


def _variables(dashboard: Plain, panels: Sequence[Plain]) -> Iterator[str]:
    defined = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(_used(dashboard, panels))
    for name in sorted(used - defined):
        yield f"the variable ${name} is used and not defined"
    for name in sorted(defined - used):
        yield f"the variable ${name} is defined and not used"


def _used(dashboard: Plain, panels: Sequence[Plain]) -> Iterator[str]:
    texts = [str(target.get("expr", target.get("query", ""))) for target in _targets(panels)]
    texts += [target["datasource"]["uid"] for target in _targets(panels)]
    texts += [each["datasource"]["uid"] for each in dashboard["annotations"]["list"]]
    texts += [f"${panel['repeat']}" for panel in panels if "repeat" in panel]
    for text in texts:
        for braced, plain in _VARIABLE.findall(text):
            name = braced or plain
            if not name.startswith(_BUILT_IN):
                yield name


def _targets(panels: Sequence[Plain]) -> Iterator[Plain]:
    for panel in panels:
        yield from panel.get("targets", ())


def _panel(panel: Plain, catalog: Catalog) -> Iterator[str]:
    where = f"panel {panel['title']!r}"
    if panel["type"] not in PLUGINS:
        yield f"{where}: {panel['type']!r} is no kind of panel"
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "short")
    if unit not in _KNOWN_UNITS:
        yield f"{where}: {unit!r} is no unit"
    refs = Counter(target["refId"] for target in panel.get("targets", ()))
    yield from (f"{where}: two questions are called {ref}" for ref in refs if refs[ref] > 1)
    for target in panel.get("targets", ()):
        if target["datasource"]["type"] == "prometheus":
            yield from (f"{where}: {fault}" for fault in _question(target["expr"], catalog))


def _question(expr: str, catalog: Catalog) -> Iterator[str]:
    try:
        tree = parse(expr)
    except TapewatchError as fault:
        yield f"{expr}: {fault}"
        return
    vocabulary, derived = Vocabulary(catalog), set(_derived(catalog))
    for node in walk(tree):
        if isinstance(node, VectorSelector):
            yield from _selector(node, vocabulary, derived)


def _derived(catalog: Catalog) -> Iterator[str]:
    """Yield the names of series that only derived rules make, such as those of objectives."""
    for group in rule_groups(catalog):
        yield from (rule["record"] for rule in group.rules if "record" in rule)


def _selector(node: VectorSelector, vocabulary: Vocabulary, derived: set[str]) -> Iterator[str]:
    name = name_of(node)
    labels = vocabulary.labels_of(name)
    if name in derived and vocabulary.facts(name) is None:
        return
    if name and vocabulary.facts(name) is None:
        yield f"no metric or record is called {name}"
    elif labels is not None:
        for matcher in node.matchers:
            if matcher.name != "__name__" and matcher.name not in labels:
                yield f"{name} has no label {matcher.name}"
