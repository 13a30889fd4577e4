"""Which reader a file needs, by its name and by how it begins."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

import pyarrow as pa

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Reader
from tapewatch.metrics.imports.delimited import DelimitedReader
from tapewatch.metrics.imports.exposition import ExpositionReader
from tapewatch.metrics.imports.parquet import ParquetReader
from tapewatch.metrics.imports.tsdb.block import TsdbReader
from tapewatch.wire.exposition.grammar import OPENMETRICS, TEXT, Grammar


class Format(StrEnum):
    """What a file may be."""

    AUTO = "auto"
    OPENMETRICS = "openmetrics"
    TEXT = "text"
    CSV = "csv"
    PARQUET = "parquet"
    TSDB = "tsdb"


PACKED: Final = (".gz", ".zst", ".bz2", ".lz4", ".br")
_SUFFIXES: Final = {
    ".om": Format.OPENMETRICS,
    ".openmetrics": Format.OPENMETRICS,
    ".prom": Format.TEXT,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}
_HEAD_BYTES: Final = 64 * 1024
# Seconds since 1970 stay below this for three thousand years; milliseconds have been above it.
_SECONDS_MAX: Final = 1e11
_SAMPLE = re.compile(
    rb"^[a-zA-Z_:{][^\n#]*?[ \t](?:[-+.0-9eE]+|[-+]?Inf|NaN)[ \t]+(-?[0-9.]+)[ \t]*(?:#.*)?$",
    re.MULTILINE,
)


def open_import(path: Path, form: Format = Format.AUTO, metric: str | None = None) -> Reader:
    """
    Open a file or a folder; raises ``BadImport`` where it cannot be read.

    ``metric`` names the samples of a table that has no names of its own.
    """
    try:
        chosen = detect(path) if form is Format.AUTO else form
        return _OPENERS[chosen](path, metric)
    except OSError as fault:
        raise BadImport(str(path), "0", fault.strerror or str(fault)) from None


def detect(path: Path) -> Format:
    """Say what a file is; raises ``BadImport`` where nothing tells."""
    if path.is_dir():
        return Format.TSDB
    suffixes = [suffix for suffix in path.suffixes if suffix not in PACKED]
    known = _SUFFIXES.get(suffixes[-1].lower()) if suffixes else None
    if known not in (None, Format.TEXT):
        return known
    with pa.input_stream(path, compression="detect") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    sample = _SAMPLE.search(head)
    if sample is not None:
        seconds = b"." in sample[1] or abs(float(sample[1])) < _SECONDS_MAX
        return Format.OPENMETRICS if seconds else Format.TEXT
    if b"," in head.partition(b"\n")[0]:
        return Format.CSV
    raise BadImport(str(path), "1", f"nothing tells what it is: say one of {_known()} by --format")


def _known() -> str:
    return ", ".join(form for form in Format if form is not Format.AUTO)


def _exposition(path: Path, grammar: Grammar) -> Reader:
    # How much a packed file holds is not known before its end.
    size_bytes = 0 if path.suffix in PACKED else path.stat().st_size
    return ExpositionReader(path, pa.input_stream(path, compression="detect"), size_bytes, grammar)


_OPENERS: Final[dict[Format, Callable[[Path, str | None], Reader]]] = {
    Format.OPENMETRICS: lambda path, _: _exposition(path, OPENMETRICS),
    Format.TEXT: lambda path, _: _exposition(path, TEXT),
    Format.CSV: DelimitedReader,
    Format.PARQUET: ParquetReader,
    Format.TSDB: lambda path, _: TsdbReader(path),
}
