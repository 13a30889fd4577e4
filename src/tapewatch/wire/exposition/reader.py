"""
The reader of expositions, compiled where possible.

* ``ScrapeReader(grammar)`` reads one target again and again.
* ``read_exposition(body, grammar)`` reads one body, once.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin
from tapewatch.model.samples import Sample
from tapewatch.wire.exposition.grammar import OPENMETRICS, TEXT, Grammar
from tapewatch.wire.exposition.scrape import Scrape

if TYPE_CHECKING:
    from tapewatch.wire.exposition.reader_pure import ScrapeReader
else:
    ScrapeReader = twin("tapewatch.wire.exposition.reader").ScrapeReader


def read_exposition(body: bytes, grammar: Grammar = TEXT) -> list[Sample]:
    """Read a body by itself; what is told of its metrics is left out."""
    reader = ScrapeReader(grammar)
    return list(samples_of(reader, reader.read(body)))


def samples_of(reader: ScrapeReader, scrape: Scrape) -> Iterator[Sample]:
    """Yield the samples of a scrape with their labels, repeated lines last."""
    exemplars = dict(scrape.exemplars)
    for index in scrape.indexes():
        labels = reader.book.labels[index]
        assert labels is not None  # a retired series is not present
        exemplar = exemplars.get(index)
        kept = (exemplar,) if exemplar is not None else ()
        yield Sample(labels, float(scrape.values[index]), scrape.time_of(index), exemplars=kept)
    for repeat in scrape.repeats:
        labels = reader.book.labels[repeat.index]
        assert labels is not None
        yield Sample(labels, repeat.value, repeat.timestamp_ms)


__all__ = ["OPENMETRICS", "TEXT", "ScrapeReader", "read_exposition", "samples_of"]
