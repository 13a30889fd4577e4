"""
Silences: what people do not want to hear for a while.

A silence is one or more sets of matchers; an alert that passes all matchers of one set is silenced
while the silence is active. A recurring silence is only active inside its intervals. What has been
in force is never rewritten: a change that would do so ends the old silence and makes a new one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import orjson

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.errors import BadSilence, NotKnown
from tapewatch.alerting.intervals import Calendars, TimeInterval
from tapewatch.alerting.matchers import all_match_empty, ordered
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.model.errors import BadRegex
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, match_all

KEEP: Final = "INSERT OR REPLACE INTO silences VALUES (?, ?)"
DROP: Final = "DELETE FROM silences WHERE id = ?"
NEVER_NS: Final = 2**63 - 1

NOTICE: Final = "SilenceActive"
"""The name of the alert that tells of a silence while it holds; it does not silence that one."""
NOTICE_LABEL: Final = "silence"
MINUTE_NS: Final = 60_000_000_000


class SilenceState(StrEnum):
    """Where a silence is in its life."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence."""

    id: str
    matcher_sets: tuple[tuple[Matcher, ...], ...]
    starts_ns: int
    ends_ns: int
    updated_ns: int
    created_by: str
    comment: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    recurrence: str = ""
    """Time intervals as YAML or JSON, in which alone it holds; empty is always."""
    notices: bool = False
    """Whether its begin and its end are told."""

    def state(self, now_ns: int) -> SilenceState:
        """Say where the silence is in its life."""
        if now_ns < self.starts_ns:
            return SilenceState.PENDING
        return SilenceState.EXPIRED if now_ns >= self.ends_ns else SilenceState.ACTIVE

    def matches(self, labels: Labels) -> bool:
        """Say whether an alert passes one of the matcher sets."""
        return any(match_all(matchers, labels) for matchers in self.matcher_sets)

    def as_json(self) -> bytes:
        """Write everything for the book."""
        told = {name: getattr(self, name) for name in _PLAIN}
        told["annotations"] = dict(self.annotations)
        told["matcher_sets"] = [
            [(str(m.kind), m.name, m.value) for m in matchers] for matchers in self.matcher_sets
        ]
        return orjson.dumps(told)

    @classmethod
    def from_json(cls, text: bytes) -> "Silence":
        """Read what ``as_json`` wrote."""
        told = orjson.loads(text)
        sets = [
            tuple(Matcher(MatchKind(kind), name, value) for kind, name, value in matchers)
            for matchers in told["matcher_sets"]
        ]
        return cls(**{**told, "matcher_sets": tuple(sets)})

    def faults(self) -> Iterator[str]:
        """Check what a silence must be, in Alertmanager's words."""
        if not self.matcher_sets or not all(self.matcher_sets):
            yield "at least one matcher required"
        elif any(all_match_empty(matchers) for matchers in self.matcher_sets):
            yield "at least one matcher must not match the empty string"
        if not self.starts_ns:
            yield "invalid zero start timestamp"
        if not self.ends_ns:
            yield "invalid zero end timestamp"
        if self.ends_ns < self.starts_ns:
            yield "end time must not be before start time"

    def can_become(self, other: "Silence", now_ns: int) -> bool:
        """Say whether a change leaves alone what has been in force."""
        if self.matcher_sets != other.matcher_sets or self.recurrence != other.recurrence:
            return False
        state = self.state(now_ns)
        if state is SilenceState.ACTIVE:
            same_start = self.starts_ns // 1_000_000_000 == other.starts_ns // 1_000_000_000
            return same_start and other.ends_ns >= now_ns
        return state is SilenceState.PENDING and other.starts_ns >= now_ns


_PLAIN: Final = (
    "id",
    "starts_ns",
    "ends_ns",
    "updated_ns",
    "created_by",
    "comment",
    "recurrence",
    "notices",
)


@dataclass(frozen=True, slots=True)
class _Recurrence:
    intervals: tuple[TimeInterval, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What time has done: silences that hold from now on, and those that do not any more."""

    begun: tuple[Silence, ...] = ()
    ended: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How much may be kept; 0 is without limit."""

    count_max: int = 0
    size_max: int = 0
    retention_ns: int = 120 * 3600 * 1_000_000_000


class SilenceStore:
    """All silences, and which of them hold now."""

    def __init__(self, book: Book, calendars: Calendars, new_id: Callable[[], str]) -> None:
        self._book = book
        self._calendars = calendars
        self._new_id = new_id
        self._known: dict[str, Silence] = {}
        self._intervals: dict[str, tuple[TimeInterval, ...]] = {}
        self._holding: dict[str, Silence] = {}
        self._indexed: dict[tuple[str, str], list[Silence]] = {}
        self._others: list[Silence] = []
        self._begun: list[Silence] = []
        self._ended: list[Silence] = []
        self.changed: list[Callable[[Silence], None]] = []
        self._check_ns = 0
        self.limits = SilenceLimits()
        self.version = 0

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def load(self) -> None:
        """Take up what the last process knew."""
        for (body,) in self._book.rows("SELECT body FROM silences"):
            silence = Silence.from_json(body)
            self._know(silence)

    def get(self, silence_id: str) -> Silence:
        """Find a silence."""
        if silence_id not in self._known:
            raise NotKnown("silence", silence_id)
        return self._known[silence_id]

    def set(self, wanted: Silence, now_ns: int) -> Silence:
        """Make a silence, or change the one of the same id; gives it as it is kept."""
        former = self.get(wanted.id) if wanted.id else None
        wanted = _tidied(wanted, now_ns)
        for words in wanted.faults():
            raise BadSilence(f"silence invalid: {words}")
        self._check_recurrence(wanted)
        self._check_size(wanted)
        if former is not None and former.can_become(wanted, now_ns):
            return self._keep(replace(wanted, updated_ns=now_ns))
        self._check_count()
        if former is not None:
            self.expire(former.id, now_ns)
        starts_ns = max(wanted.starts_ns, now_ns)
        if wanted.ends_ns < starts_ns:
            raise BadSilence("silence invalid: end time must not be in the past")
        fresh = replace(wanted, id=self._new_id(), starts_ns=starts_ns, updated_ns=now_ns)
        return self._keep(fresh)

    def expire(self, silence_id: str, now_ns: int) -> Silence:
        """End a silence now; one that has ended already stays as it is."""
        silence = self.get(silence_id)
        state = silence.state(now_ns)
        if state is SilenceState.EXPIRED:
            return silence
        starts_ns = now_ns if state is SilenceState.PENDING else silence.starts_ns
        return self._keep(replace(silence, starts_ns=starts_ns, ends_ns=now_ns, updated_ns=now_ns))

    def adopt(self, silence: Silence) -> None:
        """Take a silence as it is known elsewhere."""
        self._keep(silence)

    def refresh(self, now_ns: int) -> None:
        """Look which silences hold at a time; everything that asks below asks about that time."""
        if now_ns < self._check_ns:
            return
        holding = {s.id: s for s in self._known.values() if self._holds(s, now_ns)}
        self._begun += [s for id_, s in holding.items() if id_ not in self._holding]
        self._ended += [
            self._known.get(id_, s) for id_, s in self._holding.items() if id_ not in holding
        ]
        self._check_ns = self._next_check_ns(now_ns)
        if holding != self._holding:
            self._holding = holding
            self._index()
            self.version += 1

    def take_changes(self) -> Changes:
        """Give what has begun and ended since this was last asked."""
        changes = Changes(tuple(self._begun), tuple(self._ended))
        self._begun, self._ended = [], []
        return changes

    def wake_ns(self) -> int:
        """Give when a silence may begin or end next; 0 is never."""
        return 0 if self._check_ns == NEVER_NS else self._check_ns

    def silenced_by(self, state: AlertState) -> tuple[str, ...]:
        """Give the ids of the silences that hold for an alert."""
        if state.silences_version != self.version:
            state.silenced_by = self.ids_for(state.labels)
            state.silences_version = self.version
        return state.silenced_by

    def ids_for(self, labels: Labels) -> tuple[str, ...]:
        """Give the ids of the silences that hold for labels."""
        if not self._holding:
            return ()
        likely = [s for pair in labels for s in self._indexed.get(pair, ())]
        found = {s.id for s in (*likely, *self._others) if s.matches(labels)}
        if labels.get("alertname") == NOTICE:
            found.discard(labels.get(NOTICE_LABEL))
        return tuple(sorted(found))

    def collect(self, now_ns: int) -> None:
        """Forget what has ended long ago."""
        before_ns = now_ns - self.limits.retention_ns
        for silence in [s for s in self._known.values() if s.ends_ns < before_ns]:
            del self._known[silence.id]
            self._intervals.pop(silence.id, None)
            self._book.write(DROP, (silence.id,))

    def _holds(self, silence: Silence, now_ns: int) -> bool:
        if silence.state(now_ns) is not SilenceState.ACTIVE:
            return False
        intervals = self._intervals.get(silence.id)
        return intervals is None or any(i.contains(now_ns, self._calendars) for i in intervals)

    def _next_check_ns(self, now_ns: int) -> int:
        times = [at for s in self._known.values() for at in (s.starts_ns, s.ends_ns) if at > now_ns]
        recurring = any(
            self._known[each].state(now_ns) is SilenceState.ACTIVE for each in self._intervals
        )
        if recurring:
            times.append(now_ns - now_ns % MINUTE_NS + MINUTE_NS)
        return min(times, default=NEVER_NS)

    def _index(self) -> None:
        """File each matcher set under one label that must be equal, where it has one."""
        self._indexed, self._others = {}, []
        for silence in self._holding.values():
            for matchers in silence.matcher_sets:
                equal = next((m for m in matchers if m.kind is MatchKind.EQUAL and m.value), None)
                if equal is None:
                    self._others.append(silence)
                else:
                    self._indexed.setdefault((equal.name, equal.value), []).append(silence)

    def _keep(self, silence: Silence) -> Silence:
        self._know(silence)
        self._book.write(KEEP, (silence.id, silence.as_json()))
        for each in self.changed:
            each(silence)
        return silence

    def _know(self, silence: Silence) -> None:
        self._known[silence.id] = silence
        if silence.recurrence:
            self._intervals[silence.id] = parse_recurrence(silence.recurrence)
        self._check_ns = 0

    def _check_recurrence(self, silence: Silence) -> None:
        for interval in parse_recurrence(silence.recurrence):
            if interval.calendar:
                self._calendars(interval.calendar)

    def _check_count(self) -> None:
        most = self.limits.count_max
        if most and len(self._known) + 1 > most:
            raise BadSilence(
                f"exceeded maximum number of silences: {len(self._known)} (limit: {most})"
            )

    def _check_size(self, silence: Silence) -> None:
        size, most = len(silence.as_json()), self.limits.size_max
        if most and size > most:
            raise BadSilence(f"silence exceeded maximum size: {size} bytes (limit: {most})")


def parse_recurrence(text: str) -> tuple[TimeInterval, ...]:
    """Read the intervals of a recurring silence; raises ``BadSilence``."""
    if not text:
        return ()
    indented = "\n".join(f"  {line}" for line in text.splitlines())
    try:
        return read_text(f"intervals:\n{indented}", _Recurrence, file="recurrence").intervals
    except DocumentError as fault:
        raise BadSilence(f"silence invalid: {fault}") from None


def make_matcher(name: str, value: str, *, is_regex: bool, is_equal: bool) -> Matcher:
    """Build a matcher of the API's four fields; raises ``BadSilence``."""
    if not name:
        raise BadSilence('silence invalid: invalid label matcher 0: invalid label name ""')
    kinds = {
        (False, True): MatchKind.EQUAL,
        (False, False): MatchKind.NOT_EQUAL,
        (True, True): MatchKind.REGEX,
        (True, False): MatchKind.NOT_REGEX,
    }
    try:
        return Matcher(kinds[is_regex, is_equal], name, value)
    except BadRegex as fault:
        raise BadSilence(f"silence invalid: invalid label matcher: {fault}") from None


def in_order(silences: Iterable[Silence], now_ns: int) -> list[Silence]:
    """Sort as Alertmanager does: active by end, pending by start, expired by end, latest first."""

    def place(silence: Silence) -> tuple[int, int]:
        state = silence.state(now_ns)
        if state is SilenceState.ACTIVE:
            return 0, silence.ends_ns
        return (1, silence.starts_ns) if state is SilenceState.PENDING else (2, -silence.ends_ns)

    return sorted(silences, key=place)


def _tidied(silence: Silence, now_ns: int) -> Silence:
    sets = tuple(ordered(matchers) for matchers in silence.matcher_sets)
    return replace(silence, matcher_sets=sets, starts_ns=silence.starts_ns or now_ns)


def matches_filter(silence: Silence, matchers: Sequence[Matcher]) -> bool:
    """Say whether a silence is one that a list of matchers asks for: by the values it names."""
    return any(
        all(wanted.matches(_value(matchers_of, wanted.name)) for wanted in matchers)
        for matchers_of in silence.matcher_sets
    )


def _value(matchers: Sequence[Matcher], name: str) -> str:
    return next((each.value for each in matchers if each.name == name), "")
