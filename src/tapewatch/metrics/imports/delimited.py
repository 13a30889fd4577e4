"""Tables as delimited text: commas, semicolons, tabs or bars, told from the first line."""

import csv
from bisect import bisect_right, insort
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Batch
from tapewatch.metrics.imports.frames import FrameReader

BLOCK_BYTES: Final = 16 * 1024 * 1024
_DELIMITERS: Final = ",;\t|"


class DelimitedReader:
    """Reads one file, packed or not."""

    def __init__(self, path: Path, metric: str | None = None) -> None:
        self.size_bytes = path.stat().st_size
        self._path = path
        columns, self._delimiter = _head(path)
        self._columns = columns
        self._frames = FrameReader(str(path), columns, metric)
        self.labels = self._frames.book.labels
        self._skipped: list[int] = []
        self._faults: list[BadImport] = []

    def batches(self) -> Iterator[Batch]:
        """Yield the samples of about 16 MB at a time."""
        read_bytes = 0
        with pa.input_stream(self._path, compression="detect") as packed:
            try:
                for frame in self._open(packed):
                    batch = self._frames.read(frame, frame.nbytes, self._line)
                    faults, self._faults = [*self._faults, *batch.faults], []
                    # What is left of the file is known only when it ends, if it is packed.
                    size_bytes = min(batch.bytes_read, self.size_bytes - read_bytes)
                    read_bytes += size_bytes
                    yield Batch(
                        batch.series, batch.timestamps_ms, batch.values, None, faults, size_bytes
                    )
            except pa.ArrowInvalid as fault:
                raise BadImport(str(self._path), "?", str(fault)) from None

    def _open(self, file: pa.NativeFile) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            file,
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, column_names=self._columns, skip_rows=1
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._delimiter, invalid_row_handler=self._skip, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self._columns, pa.string()), strings_can_be_null=False
            ),
        )

    def _skip(self, row: pa_csv.InvalidRow) -> str:
        number = row.number or 0
        insort(self._skipped, number)
        if row.text.strip():
            reason = f"the row has {row.actual_columns} columns, the others {row.expected_columns}"
            self._faults.append(BadImport(str(self._path), str(number), reason))
        return "skip"

    def _line(self, row: int) -> int:
        """Count the head, and the lines that were left out."""
        line = row + 2
        while (moved := row + 2 + bisect_right(self._skipped, line)) != line:
            line = moved
        return line


def _head(path: Path) -> tuple[list[str], str]:
    with pa.input_stream(path, compression="detect") as file:
        first = file.read(1 << 20).partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    delimiter = max(_DELIMITERS, key=first.count)
    columns = next(csv.reader([first], delimiter=delimiter), [])
    columns = [column.strip() for column in columns]
    if not columns:
        raise BadImport(str(path), "1", "the file is empty: its first line names the columns")
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise BadImport(str(path), "1", f"two columns are named {twice!r}")
    return columns, delimiter
