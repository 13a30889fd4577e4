"""The reference's own scripts: every case has to hold, with every feature switched on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tapewatch.metrics.promql.engine import MemoryEngine, script_settings
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.script import run_script

FILES = (
    "aggregators",
    "at_modifier",
    "collision",
    "duration_expression",
    "extended_vectors",
    "fill-modifier",
    "functions",
    "histograms",
    "info",
    "limit",
    "literals",
    "name_label_dropping",
    "native_histograms",
    "operators",
    "range_queries",
    "selectors",
    "staleness",
    "start_timestamps",
    "subquery",
    "trig_functions",
    "type_and_unit",
)
OF_KERNELS = ("aggregators", "extended_vectors", "functions", "histograms", "start_timestamps")

RUN_PURE = """
import sys
from pathlib import Path
from tapewatch.metrics.promql.engine import MemoryEngine, script_settings
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.script import run_script
from tapewatch.model.compiled import chosen_twins
for path in map(Path, sys.argv[1:]):
    engine = MemoryEngine(script_settings(EVERYTHING))
    report = run_script(path.read_text(), engine, file=path.name)
    for failure in report.failed:
        print(failure)
assert set(chosen_twins().values()) == {"pure"}
"""


def test_no_script_is_left_out(conformance: Path) -> None:
    assert {path.stem for path in (conformance / "promql").glob("*.test")} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_every_case_of_the_reference_holds(conformance: Path, name: str) -> None:
    text = (conformance / "promql" / f"{name}.test").read_text(encoding="utf-8")
    report = run_script(text, MemoryEngine(script_settings(EVERYTHING)), file=name)
    assert not report.failed, "\n".join(map(str, report.failed))
    assert report.passed


def test_the_readable_twins_hold_too(conformance: Path) -> None:
    paths = [str(conformance / "promql" / f"{name}.test") for name in OF_KERNELS]
    result = subprocess.run(
        [sys.executable, "-c", RUN_PURE, *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "TAPEWATCH_PURE": "1"},
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr
