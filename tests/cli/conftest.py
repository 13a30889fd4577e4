"""A server to ask, and the verbs."""

import pytest
from click.testing import CliRunner
from tests.serving import Api

from tapewatch.cli.main import tapewatch
from tapewatch.metrics.memory import MemorySource
from tapewatch.model.labels import Labels


@pytest.fixture
def api(monkeypatch):
    source = MemorySource()
    for venue, rate in (("binance", 2.0), ("okx", 5.0)):
        labels = Labels.of(__name__="orders_total", venue=venue)
        for second in range(0, 601, 15):
            source.append(labels, second * 1000, second * rate)
    monkeypatch.delenv("TAPEWATCH_TOKEN", raising=False)
    api = Api(source)
    monkeypatch.setenv("TAPEWATCH_URL", api.url)
    yield api
    api.close()


@pytest.fixture
def say(tmp_path, monkeypatch):
    """Run a verb in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments: CliRunner().invoke(tapewatch, [str(each) for each in arguments])
