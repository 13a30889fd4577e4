"""Samples to ask about, and a server to ask."""

import pytest
from tests.serving import Api

from tapewatch.metrics.memory import MemorySource
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels


@pytest.fixture
def source():
    source = MemorySource()
    for venue, rate in (("binance", 2.0), ("okx", 5.0)):
        labels = Labels.of(__name__="orders_total", venue=venue)
        for second in range(0, 601, 15):
            source.append(labels, second * 1000, second * rate)
    shape = Histogram(schema=0, count=7, sum=10.5, positive={0: 3.0, 2: 4.0})
    source.append(Labels.of(__name__="latency_seconds"), 600_000, shape)
    return source


@pytest.fixture
def api(source, monkeypatch):
    monkeypatch.delenv("TAPEWATCH_TOKEN", raising=False)
    monkeypatch.delenv("TAPEWATCH_URL", raising=False)
    api = Api(source)
    yield api
    api.close()
