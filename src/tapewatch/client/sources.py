"""
Who can be asked: a server, a data directory at rest, an engine in this process.

``open_source`` makes one of them from whatever a caller names.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from tapewatch.client.answers import from_answer, from_json
from tapewatch.client.connection import Connection
from tapewatch.client.errors import AnswerUnreadable, BadQuestion
from tapewatch.client.result import QueryResult
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.matrix import Steps
from tapewatch.metrics.selection import NO_HINTS, Hints, Selection, Source
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import SystemClock
from tapewatch.model.matchers import Matcher
from tapewatch.store import directory
from tapewatch.store.directory import DataDirectory
from tapewatch.version import VERSION

METRICS_FOLDER = "metrics"


class Asked(Protocol):
    """Somebody who answers questions."""

    def instant(self, text: str, at_ms: int) -> QueryResult:
        """Answer at one time."""

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """Answer for a range."""

    def explain(self, text: str, steps: Steps) -> str:
        """Say how the question is worked out."""


@runtime_checkable
class Selecting(Protocol):
    """What can be queried by an engine of ours: a ``Database``, a ``MemorySource``."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, *, hints: Hints = NO_HINTS
    ) -> Selection:
        """Find series."""


@runtime_checkable
class Equipped(Protocol):
    """An engine that brings its source along."""

    engine: Engine

    @property
    def source(self) -> Source:
        """Where its series come from."""


Named = str | Path | Selecting | Equipped | None
"""What a caller may name: None for the local server, an address, a directory, an object."""


class InProcess:
    """An engine and a source in this process."""

    def __init__(self, source: Source, engine: Engine | None = None) -> None:
        self._source = source
        self._engine = engine or Engine()

    def instant(self, text: str, at_ms: int) -> QueryResult:
        """Answer at one time."""
        return from_answer(text, self._engine.instant(self._source, text, at_ms))

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """Answer for a range."""
        answer = self._engine.range(self._source, text, start_ms, end_ms, step_ms)
        return from_answer(text, answer)

    def explain(self, text: str, steps: Steps) -> str:
        """Run the question, and say what every operator has cost."""
        return self._engine.explain(text, source=self._source, steps=steps)


class Remote:
    """A server that speaks Prometheus' API."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def instant(self, text: str, at_ms: int) -> QueryResult:
        """Answer at one time."""
        return self._ask("/api/v1/query", text, {"time": _seconds(at_ms)})

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """Answer for a range."""
        times = {"start": _seconds(start_ms), "end": _seconds(end_ms), "step": _seconds(step_ms)}
        return self._ask("/api/v1/query_range", text, times)

    def explain(self, text: str, steps: Steps) -> str:
        """Show the plan that our engine makes; the server is not asked."""
        return Engine().explain(text, steps=steps)

    def _ask(self, path: str, text: str, times: dict[str, str]) -> QueryResult:
        document = self.connection.ask(path, {"query": text, **times}.items())
        try:
            return from_json(text, document)
        except (LookupError, ValueError, TypeError, AttributeError) as fault:
            reason = f"its answer has another shape ({type(fault).__name__}: {fault})"
            raise AnswerUnreadable(self.connection.url, reason) from None


@contextmanager
def open_source(source: Named) -> Iterator[Asked]:
    """Open what a caller names, and close it afterwards if it was closed before."""
    if source is None or isinstance(source, str):
        yield Remote(Connection(source))
    elif isinstance(source, Path):
        with open_at_rest(source) as database:
            yield InProcess(database)
    elif isinstance(source, Equipped):
        yield InProcess(source.source, source.engine)
    elif isinstance(source, Selecting):
        yield InProcess(source)
    else:
        raise BadQuestion(
            f"a {type(source).__name__} cannot be asked: give an address (http://…), the Path of "
            "a data directory, or an object that selects series"
        )


@contextmanager
def open_at_rest(path: Path, settings: StorageSettings | None = None) -> Iterator[Database]:
    """Open the metrics of a data directory that no server uses; raises a ``StoreError``."""
    directory.inspect(path)  # A directory that is not there must not be made by a question.
    with DataDirectory.open(path, now_ns=time.time_ns(), writer=f"tapewatch {VERSION}") as data:
        folder = data.folder(METRICS_FOLDER)
        database = Database(folder, settings or StorageSettings(), SystemClock())
        try:
            yield database
        finally:
            database.close()


def _seconds(time_ms: int) -> str:
    return f"{time_ms / 1000:.3f}"
