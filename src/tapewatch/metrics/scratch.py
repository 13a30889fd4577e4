"""
A database that is emptied again and again, for test scripts.

Samples go the whole way (log, head, reader), so a script says something of the storage too. The
samples of a load arrive as scrapes do: many series at one time. Nothing here has to survive, so
nothing is synced.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

import numpy as np

from tapewatch.metrics.errors import MetricsError
from tapewatch.metrics.intake import Row
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.result import Result
from tapewatch.metrics.promql.script import LoadedSample
from tapewatch.metrics.promql.settings import Settings
from tapewatch.metrics.selection import ABSENT
from tapewatch.metrics.storage.database import Database, DatabaseLane
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import SystemClock
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.store.disk import File, RealDisk, RealFile

FOREVER_MS: Final = 2**60
_STORAGE: Final = StorageSettings(
    out_of_order_window=FOREVER_MS, retention=FOREVER_MS, commit_interval=60_000
)
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # our folder in it has a name of its own


class UnsyncedFile(RealFile):
    """A file that the operating system may write whenever it likes."""

    def sync(self) -> None:
        """Do nothing."""


class UnsyncedDisk(RealDisk):
    """A disk for what a power loss may take."""

    def create(self, path: Path) -> File:
        return UnsyncedFile(path)

    def sync_folder(self, folder: Path) -> None:
        """Do nothing."""


class ScratchEngine:
    """An engine on a database of its own in a folder that does not last."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.engine = Engine(settings)
        memory = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
        self._folder = TemporaryDirectory(prefix="tapewatch-", dir=memory)
        self._database: Database | None = None
        self._lane: DatabaseLane | None = None
        self._columns: dict[Labels, int] = {}

    @property
    def source(self) -> Database:
        """The database; the same one until ``clear``."""
        if self._database is None:
            folder = Path(self._folder.name, "metrics")
            folder.mkdir()
            self._database = Database(folder, _STORAGE, SystemClock(), UnsyncedDisk())
        return self._database

    def clear(self) -> None:
        """Forget all samples."""
        if self._database is not None:
            self._database.close()
            shutil.rmtree(self._database.folder)
            self._database = self._lane = None

    def close(self) -> None:
        """Remove everything."""
        self.clear()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, samples: Sequence[LoadedSample]) -> None:
        """Add samples: labels, time, value, and the start where it is known."""
        database = self.source
        if self._lane is None:
            self._lane, self._columns = database.lane("script"), {}
        fresh = dict.fromkeys(labels for labels, *_ in samples if labels not in self._columns)
        columns = self._lane.extend(list(fresh)).tolist()
        self._columns.update(zip(fresh, columns, strict=True))
        rows = _rows(samples, self._columns)
        taken = [self._lane.append(row) for row in rows]
        refused = next((each.first_refused for each in taken if each.refused), "")
        if refused:
            raise MetricsError(refused)

    def instant(self, text: str, at_ms: int) -> Result:
        """Answer at one time."""
        return self.engine.instant(self.source, text, at_ms).result

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> Result:
        """Answer for a range."""
        return self.engine.range(self.source, text, start_ms, end_ms, step_ms).result


_Cell = tuple[float | Histogram, int]


def _rows(samples: Sequence[LoadedSample], columns: Mapping[Labels, int]) -> Iterator[Row]:
    """Yield samples as arrivals, in the order of their times."""
    series: dict[Labels, dict[int, _Cell]] = {}
    for labels, timestamp_ms, value, start_ms in samples:
        series.setdefault(labels, {})[timestamp_ms] = (value, start_ms or 0)
    times: dict[int, dict[int, _Cell]] = {}
    for labels, cells in series.items():
        for timestamp_ms, cell in cells.items():
            times.setdefault(timestamp_ms, {})[columns[labels]] = cell
    return (_row(timestamp_ms, times[timestamp_ms], len(columns)) for timestamp_ms in sorted(times))


def _row(timestamp_ms: int, cells: Mapping[int, _Cell], width: int) -> Row:
    values, present = np.full(width, ABSENT), np.zeros(width, np.bool_)
    starts = np.zeros(width, np.int64)
    histograms = {}
    for column, (value, start_ms) in cells.items():
        starts[column] = start_ms
        if isinstance(value, Histogram):
            histograms[column] = value
        else:
            values[column], present[column] = value, True
    starts_ms = starts if starts.any() else None
    return Row(timestamp_ms, values, present, histograms, starts_ms=starts_ms)
