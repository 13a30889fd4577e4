"""What one service of the floor answers to a scraper: its region, read from outside."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tapewatch.agent.exposition import families
from tapewatch.agent.regions import Regions
from tapewatch.agent.vitals import HEARTBEAT, vital_families
from tapewatch.catalog.catalog import Catalog
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, Sample
from tapewatch.wire.exposition.form import Form, negotiate
from tapewatch.wire.exposition.writer import write

IDENTITY: Final = ("service", "instance")
"""Labels that the agent adds; a scraper has names of its own for them."""


class Face:
    """One service, as its ``/metrics`` shows it."""

    def __init__(self, catalog: Catalog, folder: Path, clock: Clock) -> None:
        self._catalog = catalog
        self._regions = Regions(lambda: (folder,), clock)

    def answer(self, accept: str) -> tuple[str, bytes]:
        """Answer a scrape: the type of the content, and the content."""
        form = negotiate(accept)
        return form.content_type, write(self._families(form), form)

    def _families(self, form: Form) -> Iterator[Family]:
        self._regions.look()
        taken = [(each.process, each.reading) for each in self._regions.read([]) if each.reading]
        told, _ = families(taken, form.kind)
        vitals = [each for each in vital_families(self._regions.shown()) if each.name == HEARTBEAT]
        for family in (*told, *vitals):
            yield Family(family.name, family.type, family.help, self._samples(family), family.unit)

    def _samples(self, family: Family) -> Sequence[Sample]:
        metric = self._catalog.metrics.get(family.name)
        own = metric.labels.own if metric else {}
        added = [name for name in IDENTITY if name not in own]
        return [
            Sample(
                _without(each.labels, added),
                each.value,
                each.timestamp_ms,
                each.start_ms,
                each.exemplars,
            )
            for each in family.samples
        ]

    def close(self) -> None:
        """Let go of the region."""
        self._regions.close()


def _without(labels: Labels, names: Sequence[str]) -> Labels:
    return labels.drop(*names)
