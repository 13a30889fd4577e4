"""A database that is emptied again and again."""

import pytest

from tapewatch.metrics.errors import MetricsError
from tapewatch.metrics.promql.engine import script_settings
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.script import run_script
from tapewatch.metrics.scratch import ScratchEngine
from tapewatch.model.labels import Labels


def test_the_reference_scripts_hold_on_a_database(conformance):
    with ScratchEngine(script_settings(EVERYTHING)) as engine:
        for path in sorted((conformance / "promql").glob("*.test"))[:4]:
            report = run_script(path.read_text(), engine, file=path.name)
            assert report.failed == ()
            assert report.passed > 0


def test_clearing_forgets_and_closing_removes():
    with ScratchEngine() as engine:
        engine.append([(Labels.of(__name__="up"), 0, 1.0, None)])
        folder = engine.source.folder
        assert len(engine.instant("up", 0).samples) == 1
        engine.clear()
        assert engine.instant("up", 0).samples == ()
    assert not folder.parent.exists()


def test_a_second_value_at_the_same_time_is_refused():
    with ScratchEngine() as engine:
        engine.append([(Labels.of(__name__="up"), 0, 1.0, None)])
        with pytest.raises(MetricsError, match="duplicate sample for timestamp 0"):
            engine.append([(Labels.of(__name__="up"), 0, 2.0, None)])
