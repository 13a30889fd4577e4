"""Our own scripts, in the language that users write theirs in."""

from pathlib import Path

import pytest

from tapewatch.metrics.promql.engine import MemoryEngine, script_settings
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.nodes import Aggregator, Call, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.script import parse_script, run_script
from tapewatch.metrics.promql.signatures import SIGNATURES

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.test"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_case_holds(path: Path) -> None:
    engine = MemoryEngine(script_settings(EVERYTHING))
    report = run_script(path.read_text(encoding="utf-8"), engine, file=path.name)
    assert not report.failed, "\n".join(map(str, report.failed))


def test_the_scripts_use_every_function_and_aggregation() -> None:
    queries = [
        command.query
        for path in SCRIPTS
        for command in parse_script(path.read_text(encoding="utf-8"))
        if hasattr(command, "query")
    ]
    nodes = [node for query in queries for node in walk(parse(query, EVERYTHING))]
    called = {node.function for node in nodes if isinstance(node, Call)}
    assert set(SIGNATURES) - called == set()
    aggregated = {getattr(node, "operator", None) for node in nodes}
    assert set(Aggregator) - aggregated == set()
