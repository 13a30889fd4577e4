"""``tapewatch.query``: one question, one answer."""

from tapewatch.client.errors import BadQuestion
from tapewatch.client.moments import (
    Duration,
    Moment,
    choose_step_ms,
    read_duration_ms,
    read_moment_ms,
)
from tapewatch.client.result import QueryResult
from tapewatch.client.sources import Named, open_source
from tapewatch.model.clock import SystemClock


def query(
    text: str,
    *,
    at: Moment | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    step: Duration | None = None,
    source: Named = None,
) -> QueryResult:
    """
    Ask a question in PromQL.

    Without ``start`` the answer is for one time: ``at``, or now. With it, for the range up to
    ``end`` (or now), every ``step`` (or a round one that gives about 250 points). Times are
    ``"now"``, ``"-1h"``, RFC 3339, seconds since 1970 or a ``datetime``; a step is ``"15s"``,
    seconds or a ``timedelta``.

    ``source`` is an address of a server that speaks Prometheus' API, the ``Path`` of a data
    directory that no server uses, or an engine or source in this process; by default the server
    at ``$TAPEWATCH_URL``, else the local one.

    Raises ``QueryError`` or ``ClientError``, both of them a ``TapewatchError``.
    """
    now_ms = SystemClock().now_ns() // 1_000_000
    if start is None:
        if end is not None or step is not None:
            raise BadQuestion("end and step belong to a range: say where it begins with start")
        at_ms = read_moment_ms("now" if at is None else at, now_ms)
        with open_source(source) as asked:
            return asked.instant(text, at_ms)
    if at is not None:
        raise BadQuestion("at is one time and start begins a range: give one of the two")
    start_ms = read_moment_ms(start, now_ms)
    end_ms = read_moment_ms("now" if end is None else end, now_ms)
    if end_ms < start_ms:
        raise BadQuestion(f"the range ends ({end}) before it starts ({start})")
    step_ms = choose_step_ms(end_ms - start_ms) if step is None else read_duration_ms(step)
    with open_source(source) as asked:
        return asked.range(text, start_ms, end_ms, step_ms)
