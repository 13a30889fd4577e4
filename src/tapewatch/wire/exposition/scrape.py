"""What one scrape has brought."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata, MetricType

NO_TIME: Final = -(2**63)  # stands in ``timestamps_ms`` where a line has no time of its own


@dataclass(frozen=True, slots=True)
class NewSeries:
    """
    A series that the reader had not seen before.

    ``created`` says that the value is not a measurement but the time, in seconds, since when the
    other series of its family count.
    """

    index: int
    labels: Labels
    type: MetricType
    created: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A further line of a series that the same scrape had already given a value."""

    index: int
    value: float
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class Scrape:
    """
    One scrape as a row: ``values[i]`` belongs to series ``i`` of the reader.

    Series keep their index from scrape to scrape, so a caller holds its own state by index. Where
    ``present`` is False the series was missing, and its value means nothing. ``metadata`` holds
    what has changed since the scrape before.
    """

    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    timestamps_ms: NDArray[np.int64] | None
    sample_count: int
    fresh: tuple[NewSeries, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    exemplars: tuple[tuple[int, Exemplar], ...] = ()
    metadata: Mapping[str, Metadata] | None = None

    @property
    def complete(self) -> bool:
        """Whether every series that the reader knows was there."""
        return self.sample_count - len(self.repeats) == len(self.values)

    def time_of(self, index: int) -> int | None:
        """Return the time that the target itself gave to series ``index``."""
        if self.timestamps_ms is None or self.timestamps_ms[index] == NO_TIME:
            return None
        return int(self.timestamps_ms[index])

    def indexes(self) -> Iterator[int]:
        """Iterate over the series that were there."""
        return iter(np.flatnonzero(self.present).tolist())
