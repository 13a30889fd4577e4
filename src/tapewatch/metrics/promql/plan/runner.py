"""Runs the passes over a tree: leaves out what is switched off, times each, checks after each."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

from tapewatch.metrics.promql.nodes import Expr, Parenthesis, value_type, walk
from tapewatch.metrics.promql.plan.passes import PASSES, REQUIRED, QueryFrame


@dataclass(frozen=True, slots=True)
class PassReport:
    """What one pass did."""

    name: str
    seconds: float
    changed: bool


@dataclass(frozen=True, slots=True)
class Simplified:
    """A tree after all passes, and how it came to be."""

    tree: Expr
    reports: tuple[PassReport, ...]


def simplify(tree: Expr, frame: QueryFrame, off: Iterable[str] = ()) -> Simplified:
    """Run all passes but those in ``off``."""
    left_out = frozenset(off) - REQUIRED
    reports = []
    for name, one in PASSES.items():
        if name in left_out:
            continue
        begun = perf_counter()
        result = one(tree, frame)
        reports.append(PassReport(name, perf_counter() - begun, result is not tree))
        _verify(name, tree, result)
        tree = result
    return Simplified(tree, tuple(reports))


def _verify(name: str, before: Expr, after: Expr) -> None:
    """Assert what every pass has to keep."""
    assert value_type(before) is value_type(after), f"{name} changed the type of the query"
    if name == "drop_parentheses":
        assert not any(isinstance(node, Parenthesis) for node in walk(after)), name
