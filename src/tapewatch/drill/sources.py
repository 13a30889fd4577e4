"""
The services of a desk, as a scraper sees them, without a port in between.

A scraper of ours asks a ``Source`` as it would ask a server; the answer is made from the region of
the service, as an agent reads it. On a clock of our own the moment of the last beat has to be told
by whoever moves the clock, and what no rule reads is not told, for most of the time of a played
drill goes into writing and reading numbers.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from tapewatch.agent.exposition import families
from tapewatch.agent.regions import Regions
from tapewatch.agent.vitals import HEARTBEAT
from tapewatch.catalog.catalog import Catalog
from tapewatch.floor.service import Service
from tapewatch.metrics.scrape.errors import BadStatus
from tapewatch.metrics.scrape.http.client import Answer, HttpClient, Request
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.model.clock import Clock
from tapewatch.model.samples import Family, Sample, gauge
from tapewatch.wire.exposition.form import Form, negotiate
from tapewatch.wire.exposition.writer import write

ENDINGS: Final = ("", "_total", "_bucket", "_count", "_sum")
IDENTITY: Final = ("service", "instance")
"""Labels that the agent adds; a scraper has names of its own for them."""


class Source(HttpClient):
    """One service that can be asked."""

    def __init__(
        self, catalog: Catalog, service: Service, clock: Clock, read: Collection[str]
    ) -> None:
        super().__init__(HttpSettings(), clock)
        region = service.region
        assert region is not None
        self._catalog = catalog
        self._service = service
        self._read = frozenset(read)
        self._is_read: dict[str, bool] = {}
        self._regions = Regions(lambda: (region.parent,), clock)
        self.beat_s: Callable[[], float] = lambda: 0.0

    async def fetch(self, request: Request, *, timeout_seconds: float) -> Answer:  # noqa: ARG002  # nobody waits here
        """Answer as the service would; one that is down is as good as no answer."""
        if self._service.down:
            raise BadStatus(503, "the service is down")
        form = negotiate(request.headers.get("Accept", ""))
        body = write(self._families(form), form)
        return Answer(200, "OK", {"content-type": form.content_type}, body)

    def close(self) -> None:
        """Let go of the region."""
        self._regions.close()
        super().close()

    def _families(self, form: Form) -> Iterator[Family]:
        self._regions.look()
        taken = [(each.process, each.reading) for each in self._regions.read([]) if each.reading]
        told, _ = families(taken, form.kind)
        for family in filter(self._wanted, told):
            samples = [self._sample(family, each) for each in family.samples]
            yield Family(family.name, family.type, family.help, samples, family.unit)
        yield gauge(HEARTBEAT, "When the process said last that it runs.", self.beat_s())

    def _wanted(self, family: Family) -> bool:
        name = family.name
        if name not in self._is_read:
            self._is_read[name] = any(f"{name}{ending}" in self._read for ending in ENDINGS)
        return self._is_read[name]

    def _sample(self, family: Family, sample: Sample) -> Sample:
        metric = self._catalog.metrics.get(family.name)
        own = metric.labels.own if metric else {}
        return Sample(
            sample.labels.drop(*(name for name in IDENTITY if name not in own)),
            sample.value,
            sample.timestamp_ms,
            sample.start_ms,
            sample.exemplars,
        )
