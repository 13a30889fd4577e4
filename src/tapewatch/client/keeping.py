"""
What can be done with kept metrics besides asking: import, list, count, delete, copy.

``open_kept`` gives the same verbs for a server and for a data directory at rest.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from tapewatch.client.connection import Connection
from tapewatch.client.counting import Cardinality, count_series, read_cardinality
from tapewatch.client.errors import AnswerUnreadable, BadQuestion, ServerRefused
from tapewatch.client.sources import METRICS_FOLDER, open_at_rest
from tapewatch.metrics.imports.batch import Batch
from tapewatch.metrics.imports.exchange import CONTENT_TYPE, cut_pasts, encode_pasts
from tapewatch.metrics.imports.writing import Collector, PastWriter
from tapewatch.metrics.promql.parse import parse_series_selector
from tapewatch.metrics.storage.backfill import Past
from tapewatch.metrics.storage.database import Database
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.store.directory import DataDirectory
from tapewatch.version import VERSION

ALWAYS: Final = (-(2**61), 2**61)
SNAPSHOTS_FOLDER: Final = "snapshots"
_EVERY_SERIES: Final = (Matcher(MatchKind.REGEX, METRIC_NAME, ".+"),)
_IMPORT: Final = "/api/v1/import"


class Writer(Protocol):
    """Takes batches of an import."""

    def write(self, labels: Sequence[Labels], batch: Batch) -> None:
        """Take a batch, whose series are numbered by ``labels``."""

    def close(self) -> None:
        """Return when everything is kept."""


class Kept(Protocol):
    """Metrics that somebody keeps."""

    def writer(self) -> Writer:
        """Begin an import."""

    def series(self, selector: str, first_ms: int, last_ms: int) -> list[Labels]:
        """List the series that pass a selector and may have samples between two times."""

    def cardinality(self, limit: int) -> Cardinality:
        """Count the series, with the largest ``limit`` of each kind."""

    def delete(self, selector: str, first_ms: int, last_ms: int) -> None:
        """Delete the samples of a selector between two times, both included."""

    def snapshot(self, target: Path) -> Path:
        """Copy everything into a new data directory; return where the copy lies."""


class KeptAtRest:
    """A data directory that no server uses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def writer(self) -> Writer:
        """Begin an import."""
        return PastWriter(self._database)

    def series(self, selector: str, first_ms: int, last_ms: int) -> list[Labels]:
        """List series."""
        return sorted(self._database.find(parse_series_selector(selector), first_ms, last_ms))

    def cardinality(self, limit: int) -> Cardinality:
        """Count the series of the whole past."""
        return count_series(self._database.find(_EVERY_SERIES, *ALWAYS), limit)

    def delete(self, selector: str, first_ms: int, last_ms: int) -> None:
        """Delete samples; they are hidden at once, and leave the files when these are compacted."""
        self._database.delete(parse_series_selector(selector), first_ms, last_ms)

    def snapshot(self, target: Path) -> Path:
        """Copy everything into a new data directory."""
        folder = self._database.folder / SNAPSHOTS_FOLDER / uuid4().hex
        folder.parent.mkdir(exist_ok=True)
        self._database.snapshot(folder)
        return move_snapshot(folder, target)


class KeptByServer:
    """A server that speaks Prometheus' API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def writer(self) -> Writer:
        """Begin an import."""
        return Collector(partial(_send, self._connection))

    def series(self, selector: str, first_ms: int, last_ms: int) -> list[Labels]:
        """List series."""
        found = self._connection.ask("/api/v1/series", _form(selector, first_ms, last_ms))
        return sorted(Labels.of(each) for each in found["data"])

    def cardinality(self, limit: int) -> Cardinality:
        """Count the series that are alive."""
        form = [("limit", str(limit))]
        document = self._connection.ask("/api/v1/status/tsdb", form, method="GET")
        try:
            return read_cardinality(document["data"])
        except (LookupError, TypeError, ValueError) as fault:
            reason = f"its counts have another shape ({type(fault).__name__}: {fault})"
            raise AnswerUnreadable(self._connection.url, reason) from None

    def delete(self, selector: str, first_ms: int, last_ms: int) -> None:
        """Delete samples, where the server's settings allow it."""
        self._connection.ask("/api/v1/admin/tsdb/delete_series", _form(selector, first_ms, last_ms))

    def snapshot(self, target: Path) -> Path:
        """Let the server copy itself, and bring the copy here where that is the same machine."""
        told = self._connection.ask("/api/v1/admin/tsdb/snapshot")
        flags = self._connection.ask("/api/v1/status/flags", method="GET")["data"]
        info = self._connection.ask("/api/v1/status/runtimeinfo", method="GET")["data"]
        data = Path(info.get("CWD", "."), flags.get("data.directory", "data"))
        folder = data / METRICS_FOLDER / SNAPSHOTS_FOLDER / told["data"]["name"]
        return move_snapshot(folder, target) if folder.is_dir() else folder


def _send(connection: Connection, pasts: Iterator[Past]) -> None:
    try:
        for piece in cut_pasts(pasts):
            connection.post(_IMPORT, encode_pasts(piece), CONTENT_TYPE)
    except ServerRefused as fault:
        if fault.status not in (404, 405):
            raise
        raise BadQuestion(
            f"{fault.url} takes no imports: it is another server than tapewatch, or an older one"
        ) from None


def move_snapshot(folder: Path, target: Path) -> Path:
    """Make a data directory of a snapshot; raises a ``StoreError`` where one is there already."""
    with DataDirectory.open(target, now_ns=time.time_ns(), writer=f"tapewatch {VERSION}") as data:
        place = data.path / METRICS_FOLDER
        if place.exists():
            raise BadQuestion(f"{target} holds metrics already: choose a directory that is new")
        shutil.move(folder, place)
    return target


@contextmanager
def open_kept(source: str | Path | None, *, make: bool = False) -> Iterator[Kept]:
    """Open a server's metrics or a directory's; ``make`` makes a directory that is not there."""
    if not isinstance(source, Path):
        yield KeptByServer(Connection(source))
        return
    if make:
        now_ns = time.time_ns()
        DataDirectory.open(source, now_ns=now_ns, writer=f"tapewatch {VERSION}").close()
    with open_at_rest(source) as database:
        yield KeptAtRest(database)


def _form(selector: str, first_ms: int, last_ms: int) -> list[tuple[str, str]]:
    form = [("match[]", selector)]
    if (first_ms, last_ms) != ALWAYS:
        form += [("start", f"{first_ms / 1000:.3f}"), ("end", f"{last_ms / 1000:.3f}")]
    return form
