"""Desks that are played in a test, and read as an agent reads them."""

from dataclasses import replace
from functools import cache

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.floor.desk import Desk
from tapewatch.floor.size import Size
from tapewatch.sdk.region.reader import Reader

BEGIN_S = 1_767_600_000.0
SMALL = Size(symbols=3, venues=2, messages_per_second=200.0, orders_per_second=20.0)
STEP_S = 0.25


@cache
def catalog_of(pack):
    return load_catalog(find_pack(pack))


class Played:
    """A desk whose numbers can be read as an agent reads them."""

    def __init__(self, pack, folder, *, seed=1, **size):
        self.catalog = catalog_of(pack)
        self.desk = Desk(self.catalog, replace(SMALL, **size), seed, BEGIN_S, folder)
        self.now_s = BEGIN_S

    def play(self, seconds, running=(), changes=()):
        """Let time pass, with faults."""
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            self.desk.step(self.now_s, STEP_S, running, changes)

    def numbers(self):
        """Every series with its value; a histogram is its count and its sum."""
        found = {}
        for service in self.desk.services:
            with Reader(service.region) as reader:
                snapshot = reader.snapshot()
            assert not snapshot.drops, (service.name, snapshot.drops)
            for series in snapshot.series:
                family = series.family
                key = (service.name, family.name, tuple(sorted(dict(series.labels).items())))
                if family.bucket_count:
                    histogram = snapshot.histogram(series)
                    found[key] = (histogram.count, histogram.sum)
                else:
                    found[key] = snapshot.number(series)
        return found
