"""Tables as Parquet files."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import BATCH_SAMPLES, Batch
from tapewatch.metrics.imports.frames import FrameReader


class ParquetReader:
    """Reads one file; faults are named by the number of their row."""

    def __init__(self, path: Path, metric: str | None = None) -> None:
        self.size_bytes = path.stat().st_size
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowException as fault:
            raise BadImport(str(path), "0", f"the file is no Parquet: {fault}") from None
        self._frames = FrameReader(str(path), self._file.schema_arrow.names, metric)
        self.labels = self._frames.book.labels

    def batches(self) -> Iterator[Batch]:
        """Yield about a million rows at a time."""
        rows = max(self._file.metadata.num_rows, 1)
        with self._file:
            try:
                for frame in self._file.iter_batches(BATCH_SAMPLES):
                    size_bytes = self.size_bytes * frame.num_rows // rows
                    yield self._frames.read(frame, size_bytes, lambda row: row + 1)
            except pa.ArrowException as fault:
                raise BadImport(str(self._path), "0", str(fault)) from None
