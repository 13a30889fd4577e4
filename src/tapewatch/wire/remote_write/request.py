"""A write request in columns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.histograms import Histogram
from tapewatch.model.samples import Exemplar, Metadata
from tapewatch.wire.errors import BadSeries

NO_START: Final = 0  # in ``starts_ms``, as the protocol has it


@dataclass(frozen=True, slots=True)
class HistogramSample:
    """One native histogram of one series."""

    series: int
    timestamp_ms: int
    histogram: Histogram
    start_ms: int = NO_START


@dataclass(frozen=True, slots=True)
class Written:
    """What was stored of a request, as the response has to say."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0

    def headers(self) -> dict[str, str]:
        """Return the headers that remote write 2.0 demands on success and on failure."""
        prefix = "X-Prometheus-Remote-Write"
        return {
            f"{prefix}-Samples-Written": str(self.samples),
            f"{prefix}-Histograms-Written": str(self.histograms),
            f"{prefix}-Exemplars-Written": str(self.exemplars),
        }


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """
    Samples by series.

    ``series[i]`` is the index of a series in the decoder that read the request, its samples are
    ``[offsets[i], offsets[i + 1])`` of the columns. Indexes stay the same from request to request
    until ``generation`` changes. Series that are not allowed are left out; ``fault`` is about the
    first of them, and ``refused`` counts what they would have brought.
    """

    generation: int
    series: NDArray[np.int64]
    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    starts_ms: NDArray[np.int64] | None = None
    histograms: tuple[HistogramSample, ...] = ()
    exemplars: tuple[tuple[int, Exemplar], ...] = ()
    metadata: dict[str, Metadata] = field(default_factory=dict)
    fault: BadSeries | None = None
    refused: int = 0

    @property
    def offered(self) -> Written:
        """What there is to store; a store that takes all of it answers with these counts."""
        return Written(len(self.values), len(self.histograms), len(self.exemplars))

    def runs(self) -> Iterator[tuple[int, slice]]:
        """Yield each series with its place in the columns."""
        offsets = self.offsets.tolist()
        for i, series in enumerate(self.series.tolist()):
            yield series, slice(offsets[i], offsets[i + 1])
