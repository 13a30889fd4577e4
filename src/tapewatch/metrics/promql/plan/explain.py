"""Shows a plan as text: the passes, the operators, and after a run what each has cost."""

from collections.abc import Iterator, Mapping, Sequence

from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.plan.runner import PassReport
from tapewatch.metrics.promql.run import Cost


def explain(
    root: Operator, reports: Sequence[PassReport], costs: Mapping[int, Cost] | None = None
) -> str:
    """Write the passes and the tree of operators, children indented."""
    lines = [_pass_line(report) for report in reports]
    lines.extend(_lines(root, 0, costs or {}))
    return "\n".join(lines)


def _pass_line(report: PassReport) -> str:
    outcome = "changed the tree" if report.changed else "changed nothing"
    return f"pass {report.name}: {outcome} in {report.seconds * 1e6:.0f} us"


def _lines(operator: Operator, depth: int, costs: Mapping[int, Cost]) -> Iterator[str]:
    cost = costs.get(id(operator))
    shown = "" if cost is None else _cost(cost)
    yield f"{'  ' * depth}- {operator.describe()}{shown}"
    for child in operator.children:
        yield from _lines(child, depth + 1, costs)


def _cost(cost: Cost) -> str:
    times = f"{cost.calls}x, " if cost.calls > 1 else ""
    return f" ({times}{cost.rows} rows, {cost.cells} samples, {cost.seconds * 1e3:.3f} ms)"
