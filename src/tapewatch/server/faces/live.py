"""
Live questions: evaluated once each interval, however many clients wait for the answer.

A ``Question`` is one expression at one interval. It numbers its series, so that labels are sent
once and every further answer is a short line of numbers, which is encoded once for all clients. A
``Listener`` is one client: it takes what is new whenever it can send, so a slow one misses points
in between and never makes anybody wait or anything grow.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from time import perf_counter
from typing import Any, Final

import numpy as np
import orjson

from tapewatch.metrics.promql.engine import Answer
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.matrix import Matrix, Scalar
from tapewatch.metrics.selection import EMPTY_SET, NO_SETS
from tapewatch.metrics.service import MetricsService
from tapewatch.model.clock import Clock
from tapewatch.model.digits import format_double
from tapewatch.model.errors import TapewatchError
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.encode import encode_histogram, label_texts

INTERVAL_MIN_MS: Final = 1_000
INTERVAL_MAX_MS: Final = 60_000
LISTENERS_MAX: Final = 64
QUESTIONS_MAX: Final = 512
SERIES_MAX: Final = 500
"""How many series of one answer are sent; a screen shows no more."""
NUMBERS_MAX: Final = 8 * SERIES_MAX
"""How many series a question numbers before it begins anew, where series come and go."""
LATE_SECONDS: Final = 0.005
"""So long after a whole interval, or a timer that is a little early finds the one before."""
SHARE: Final = 10
"""A question waits at least so many times as long as its answer took."""
AT_ONCE: Final = 2
"""How many live questions are evaluated at the same time; the rest is for people who wait."""
TIMEOUT_MS: Final = 5_000


class Question:
    """One expression at one interval, with its latest answer as lines."""

    def __init__(self, name: str, text: str, interval_ms: int) -> None:
        self.name = name
        self.text = text
        self.interval_ms = interval_ms
        self.listeners: set[Listener] = set()
        self.edition = 0
        """Counts how often the numbering of series began anew."""
        self.labels: list[bytes] = []
        self.turn = 0
        self.latest = b""
        self.task: asyncio.Task[None] | None = None
        self._numbers: dict[bytes, int] = {}

    def take(self, answer: Answer, at_ms: int) -> None:
        """Keep an answer."""
        matrix = _as_matrix(answer.value)
        texts = label_texts(matrix.labels)[:SERIES_MAX]
        if len(self.labels) + len(texts) > NUMBERS_MAX:
            self._numbers, self.labels, self.edition = {}, [], self.edition + 1
        points = list(self._points(matrix, texts))
        told = [b'{"question":"%b","time":%b' % (self.name.encode(), _seconds(at_ms))]
        told.append(b',"values":[%b]' % b",".join(points))
        notes = list(answer.annotations.warnings)
        if len(matrix.labels) > SERIES_MAX:
            notes.append(f"{SERIES_MAX} of {len(matrix.labels)} series are shown")
        if notes:
            told.append(b',"warnings":%b' % orjson.dumps(notes))
        self._publish(b"".join([*told, b"}\n"]))

    def fail(self, reason: str) -> None:
        """Keep the reason why there is no answer."""
        self._publish(_line({"question": self.name, "error": reason}))

    def _publish(self, line: bytes) -> None:
        self.latest, self.turn = line, self.turn + 1
        for each in self.listeners:
            each.woken.set()

    def _points(self, matrix: Matrix, texts: Sequence[bytes]) -> Iterator[bytes]:
        values = matrix.values[:, 0].tolist()
        cells = None if matrix.histograms is None else matrix.histograms[:, 0].tolist()
        for row, text in enumerate(texts):
            number = self._number(text)
            if cells is not None and cells[row] is not None:
                yield b"[%d,null,%b]" % (number, encode_histogram(cells[row]))
            else:
                yield b'[%d,"%b"]' % (number, format_double(values[row]).encode())

    def _number(self, text: bytes) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.labels)
            self.labels.append(text)
        return number


class Listener:
    """One client, and how much of each of its questions it has been told."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.woken = asyncio.Event()
        self._told = {each.name: (-1, 0, 0) for each in questions}
        """By question: edition, how many series, turn."""

    def lines(self) -> bytes:
        """Return everything that the client has not been told."""
        self.woken.clear()
        return b"".join(self._lines())

    def _lines(self) -> Iterator[bytes]:
        for each in self.questions:
            edition, known, turn = self._told[each.name]
            if each.turn == turn:
                continue
            if each.edition != edition:
                known = 0
            if known < len(each.labels) or each.edition != edition:
                yield _series_line(each, known)
            yield each.latest
            self._told[each.name] = (each.edition, len(each.labels), each.turn)


class Streams:
    """All live questions of a server; a question lives as long as somebody listens."""

    def __init__(self, metrics: MetricsService, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._questions: dict[tuple[str, int], Question] = {}
        self._names = count(1)
        self._listeners = 0
        self._places = asyncio.Semaphore(AT_ONCE)
        self._evaluations = 0
        self._seconds = 0.0

    @contextmanager
    def listen(self, texts: Sequence[str], interval_ms: int) -> Iterator[Listener]:
        """Give a client its questions, and let go of them at the end."""
        if self._listeners >= LISTENERS_MAX:
            reason = f"{LISTENERS_MAX} streams are open, the most that are served"
            raise Refusal(503, "unavailable", reason, {"retry-after": "5"})
        listener = Listener([self._question(text, interval_ms) for text in dict.fromkeys(texts)])
        self._listeners += 1
        for each in listener.questions:
            each.listeners.add(listener)
            each.task = each.task or asyncio.create_task(self._keep(each))
        try:
            yield listener
        finally:
            self._listeners -= 1
            for each in listener.questions:
                each.listeners.discard(listener)
                self._let_go(each)

    def _question(self, text: str, interval_ms: int) -> Question:
        known = self._questions.get((text, interval_ms))
        if known is None:
            if len(self._questions) >= QUESTIONS_MAX:
                reason = f"{QUESTIONS_MAX} questions are live, the most that are evaluated"
                raise Refusal(503, "unavailable", reason, {"retry-after": "5"})
            known = Question(f"q{next(self._names)}", text, interval_ms)
            self._questions[text, interval_ms] = known
        return known

    def _let_go(self, question: Question) -> None:
        if question.listeners:
            return
        self._questions.pop((question.text, question.interval_ms), None)
        if question.task is not None:
            question.task.cancel()

    async def _keep(self, question: Question) -> None:
        """Evaluate a question at whole intervals, less often when it is dear."""
        interval_s = question.interval_ms / 1000
        while True:
            seconds = await self._evaluate(question)
            now_s = self._clock.now_ns() / 1e9
            to_next = interval_s - now_s % interval_s + LATE_SECONDS
            await self._clock.sleep(max(to_next, seconds * SHARE))

    async def _evaluate(self, question: Question) -> float:
        now_ms = self._clock.now_ns() // 1_000_000
        at_ms = now_ms - now_ms % question.interval_ms
        engine, database = self._metrics.engine, self._metrics.database
        queries = self._metrics.queries
        async with self._places:
            began = perf_counter()
            try:
                answer = await queries.run(
                    lambda budget: engine.instant(database, question.text, at_ms, budget=budget),
                    queries.budget(timeout_ms=TIMEOUT_MS),
                    key=("live", question.text),
                )
                question.take(answer, at_ms)
            except QueryError as fault:
                question.fail(str(fault))
            except TapewatchError as fault:
                question.fail(f"the data cannot be read: {fault}")
            seconds = perf_counter() - began
        self._evaluations += 1
        self._seconds += seconds
        return seconds

    def families(self) -> Iterator[Family]:
        """Yield what was counted."""
        yield gauge("tapewatch_stream_listeners", "Clients that listen live.", self._listeners)
        questions = len(self._questions)
        yield gauge("tapewatch_stream_questions", "Live questions, shared by clients.", questions)
        yield counter(
            "tapewatch_stream_evaluations_total", "Live questions answered.", self._evaluations
        )
        yield counter(
            "tapewatch_stream_seconds_total", "Time that live questions took.", self._seconds
        )


def _series_line(question: Question, known: int) -> bytes:
    """Tell the labels of the series that are new; ``first`` is the number of the first of them."""
    labels = b",".join(question.labels[known:])
    return b'{"question":"%b","first":%d,"series":[%b]}\n' % (
        question.name.encode(),
        known,
        labels,
    )


def _as_matrix(value: Any) -> Matrix:
    if isinstance(value, Matrix):
        return value
    if isinstance(value, Scalar):
        return Matrix(EMPTY_SET, value.values.reshape(1, -1))
    # A text, or the bare samples of a window: there is nothing to draw.
    return Matrix(NO_SETS, np.zeros((0, 1)))


def _seconds(time_ms: int) -> bytes:
    return str(time_ms / 1000).removesuffix(".0").encode()


def _line(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
