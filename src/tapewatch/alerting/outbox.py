"""
The outbox: notifications that are written down before they are sent.

Whoever delivers asks for what is ``due``, says ``begin`` and waits until that is on disk
(``Book.commit``), sends, and says how it went: ``delivered``, ``put_off`` or ``refused``. In one
lane (a group on an integration) one parcel is under way at a time, and a newer notification of the
same episode takes the place of one that was not delivered: coalesced, never reordered. What was
begun and not settled when the process died is due again, as the next attempt.
"""

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Final

import orjson

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import Entry, Happening, History
from tapewatch.alerting.notification import RESOLVED, Lane, Notification

NEVER_NS: Final = 2**63 - 1
PAUSE_MAX_NS: Final = 60_000_000_000
"""How long after a restart an attempt waits at most, whatever was decided before."""

PUT: Final = (
    "INSERT OR REPLACE INTO outbox (place, id, due_ns, attempt, notification)"
    " VALUES (?, ?, ?, ?, ?)"
)
MARK: Final = "UPDATE outbox SET due_ns = ?, attempt = ? WHERE place = ?"
TAKE_OUT: Final = "DELETE FROM outbox WHERE place = ?"
REMEMBER: Final = "INSERT OR REPLACE INTO memories VALUES (?, ?, ?, ?, ?)"
FORGET: Final = "DELETE FROM memories WHERE group_key = ? AND receiver = ? AND integration = ?"

Route = tuple[str, str]
"""Receiver and integration."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification on its way."""

    notification: Notification
    attempt: int
    """0 before the first attempt was begun."""
    memory: Mapping[str, str]
    """What the channel remembered of the episode's last delivery, such as the message's id."""
    due_ns: int

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt, and for no other notification."""
        told = self.notification
        group = sha256(told.group_key.encode()).hexdigest()
        return f"{group}-{told.episode}-{told.sequence}"


_Ready = tuple[int, int, int, Lane]
"""Urgency, place, when it was due, and the lane."""

Settled = Callable[[Parcel, Happening], None]
"""Hears how a parcel ended: delivered or refused."""


@dataclass(slots=True)
class _Waiting:
    place: int
    notification: Notification
    attempt: int
    due_ns: int
    since_ns: int = 0
    """Since when there has been something to tell, also before this took another's place."""

    def __post_init__(self) -> None:
        self.since_ns = self.since_ns or self.notification.created_ns


@dataclass(slots=True)
class _LaneState:
    waiting: list[_Waiting] = field(default_factory=list)
    under_way: _Waiting | None = None
    episode: int = 0
    memory: dict[str, str] = field(default_factory=dict)

    def memory_of(self, notification: Notification) -> dict[str, str]:
        return self.memory if self.episode == notification.episode else {}


class Outbox:
    """Every notification that has not reached its channel."""

    def __init__(self, book: Book, history: History) -> None:
        self._book = book
        self._history = history
        self._lanes: dict[Lane, _LaneState] = {}
        self._timed: dict[Route, list[tuple[int, int, Lane]]] = {}
        self._ready: dict[Route, list[_Ready]] = {}
        self._places = count(1)
        self._size = 0
        self._counts: dict[Route, int] = {}
        self.settled: list[Settled] = []
        self.hold_ns = 0
        """How long what is put in waits for another server to say it first."""

    def __len__(self) -> int:
        return self._size

    def load(self, now_ns: int) -> None:
        """Take up what the last process left; what it had begun is due again."""
        last = 0
        for group_key, receiver, integration, episode, memory in self._book.rows(
            "SELECT * FROM memories"
        ):
            state = self._lanes.setdefault(Lane(group_key, receiver, integration), _LaneState())
            state.episode, state.memory = episode, orjson.loads(memory)
        question = "SELECT place, due_ns, attempt, notification FROM outbox ORDER BY place"
        for place, due_ns, attempt, text in self._book.rows(question):
            last = place
            waiting = _Waiting(place, Notification.from_json(text), attempt, due_ns)
            if due_ns == NEVER_NS:
                self._interrupted(waiting, now_ns)
            # The clock may have been set back since the pause was decided.
            waiting.due_ns = min(waiting.due_ns, now_ns + PAUSE_MAX_NS)
            self._enter(waiting)
        self._places = count(last + 1)

    def put(self, notification: Notification) -> None:
        """Add a notification to the batch that is being gathered; it is due at once."""
        lane = notification.lane
        state = self._lanes.setdefault(lane, _LaneState())
        due_ns = notification.created_ns + self.hold_ns
        waiting = _Waiting(next(self._places), notification, 0, due_ns)
        for older in state.waiting:
            if older.notification.episode == notification.episode:
                waiting.due_ns = self._coalesced_due_ns(waiting, older)
                waiting.since_ns = older.since_ns
                waiting.notification = notification.with_ends_of(older.notification)
                self._coalesce(state, older, notification.created_ns)
                break
        self._write(waiting)
        self._enter(waiting)

    def due(
        self, now_ns: int, limit: int = 100, *, without: Collection[Route] = ()
    ) -> list[Parcel]:
        """Give what may be sent now, the most urgent first, but not to those ``without``."""
        found: list[_Ready] = []
        for route in [route for route in self._timed if route not in without]:
            self._ripen(route, now_ns)
            found.extend(self._heads(route, limit))
        found.sort()
        return [self._parcel(lane) for *_, lane in found[:limit]]

    def next_due_ns(self, *, without: Collection[Route] = ()) -> int:
        """Give when the next parcel is due; 0 where one waits, ``NEVER_NS`` where none does."""
        soonest = NEVER_NS
        for route, timed in self._timed.items():
            if route in without:
                continue
            if self._heads(route, 1):
                return 0
            while timed and not self._is_head(*timed[0]):
                heapq.heappop(timed)
            if timed:
                soonest = min(soonest, timed[0][0])
        return soonest

    def begin(self, parcel: Parcel, now_ns: int) -> Parcel | None:
        """
        Note that an attempt begins; send only after the batch is on disk.

        None where a newer notification has taken the parcel's place meanwhile.
        """
        state = self._lanes.get(parcel.notification.lane)
        if state is None or state.under_way is not None or not state.waiting:
            return None
        head = state.waiting[0]
        if head.notification.id != parcel.notification.id:
            return None
        state.under_way = state.waiting.pop(0)
        head.attempt += 1
        self._book.write(MARK, (NEVER_NS, head.attempt, head.place))
        memory = state.memory_of(head.notification)
        return Parcel(head.notification, head.attempt, dict(memory), now_ns)

    def delivered(
        self, parcel: Parcel, memory: Mapping[str, str], detail: str, now_ns: int
    ) -> None:
        """Note that the channel has it, and what the channel wants to remember."""
        state, settled = self._finish(parcel)
        lane, episode = settled.notification.lane, settled.notification.episode
        over = settled.notification.status == RESOLVED
        state.episode, state.memory = episode, {} if over else dict(memory)
        if state.memory:
            row = (lane.group_key, lane.receiver, lane.integration, episode)
            self._book.write(REMEMBER, (*row, orjson.dumps(state.memory)))
        else:
            self._book.write(FORGET, (lane.group_key, lane.receiver, lane.integration))
        self._settle(parcel, Happening.DELIVERED, detail, now_ns)

    def put_off(self, parcel: Parcel, due_ns: int, detail: str, now_ns: int) -> None:
        """Note that the attempt failed and comes again at ``due_ns``, with what is newest then."""
        state, settled = self._finish(parcel, keep=True)
        self._note(settled.notification, Happening.PUT_OFF, now_ns, self._words(parcel, detail))
        newer = next((w for w in state.waiting if _same_episode(w, settled)), None)
        state.waiting.insert(0, settled)
        self._count(settled.notification.lane, 1)
        if newer is not None:
            newer.due_ns = max(newer.due_ns, due_ns)
            newer.since_ns = settled.since_ns
            newer.notification = newer.notification.with_ends_of(settled.notification)
            self._write(newer)
            self._coalesce(state, settled, now_ns)
        else:
            settled.due_ns = due_ns
            self._book.write(MARK, (due_ns, settled.attempt, settled.place))
        self._schedule(parcel.notification.lane)

    def refused(self, parcel: Parcel, detail: str, now_ns: int) -> None:
        """Note that the channel will never take it."""
        self._finish(parcel)
        self._settle(parcel, Happening.REFUSED, detail, now_ns)

    def shift(self, by_ns: int) -> None:
        """Move every waiting time, because the clock was set by so much."""
        for lane, state in self._lanes.items():
            for each in state.waiting:
                each.due_ns += by_ns
            self._schedule(lane)

    def waiting(self) -> Iterator[Parcel]:
        """Yield everything that has not arrived, under way or not, to be shown."""
        for lane in self._lanes:
            yield from self.in_lane(lane)

    def waiting_since(self) -> Iterator[int]:
        """Yield for everything that has not arrived since when there is something to tell."""
        for state in self._lanes.values():
            if state.under_way is not None:
                yield state.under_way.since_ns
            yield from (each.since_ns for each in state.waiting)

    def in_lane(self, lane: Lane) -> Iterator[Parcel]:
        """Yield what has not arrived of one group on one integration, the oldest first."""
        state = self._lanes.get(lane)
        if state is None:
            return
        if state.under_way is not None:
            yield _shown(state, state.under_way, NEVER_NS)
        for each in state.waiting:
            yield _shown(state, each, each.due_ns)

    def counts(self) -> Mapping[Route, int]:
        """Count what has not arrived, by receiver and integration."""
        return self._counts

    def hold(self, lane: Lane, until_ns: int) -> None:
        """Let what was not tried yet in a lane wait for another server."""
        state = self._lanes.get(lane)
        for each in state.waiting if state is not None else ():
            if not each.attempt and each.due_ns < until_ns:
                each.due_ns = until_ns
                self._book.write(MARK, (until_ns, each.attempt, each.place))
                self._schedule(lane)

    def hold_all(self, until_ns: int) -> None:
        """Let everything wait for another server, also what was tried before."""
        for lane, state in self._lanes.items():
            for each in state.waiting:
                each.due_ns = max(each.due_ns, until_ns)
            self._schedule(lane)

    def withdraw(self, lane: Lane, now_ns: int, words: str) -> None:
        """Drop what waits in a lane, because another server has said it."""
        state = self._lanes.get(lane)
        for each in list(state.waiting) if state is not None else ():
            assert state is not None
            state.waiting.remove(each)
            self._count(lane, -1)
            self._book.write(TAKE_OUT, (each.place,))
            self._note(each.notification, Happening.TOLD_BY_PEER, now_ns, words)

    def fold(self, lane: Lane, now_ns: int, words: str) -> None:
        """Take out what waits in a lane, because the message of a storm says it."""
        for each in list(self._lanes[lane].waiting):
            self._lanes[lane].waiting.remove(each)
            self._count(lane, -1)
            self._book.write(TAKE_OUT, (each.place,))
            self._note(each.notification, Happening.FOLDED, now_ns, words)
        if not self._lanes[lane].memory:
            del self._lanes[lane]

    def of_route(self, route: Route) -> Iterator[Parcel]:
        """Yield what waits on one integration and was not tried yet, the oldest of each lane."""
        for lane, state in self._lanes.items():
            idle = state.under_way is None and state.waiting
            if idle and (lane.receiver, lane.integration) == route and not state.waiting[0].attempt:
                yield _shown(state, state.waiting[0], state.waiting[0].due_ns)

    def memory_of(self, lane: Lane) -> Mapping[str, str]:
        """Give what the channel remembers of the lane's episode."""
        state = self._lanes.get(lane)
        return state.memory if state is not None else {}

    def remember(self, lane: Lane, episode: int, memory: Mapping[str, str]) -> None:
        """Take what the channel remembers of a message that another server has sent."""
        state = self._lanes.get(lane)
        if memory:
            state = self._lanes.setdefault(lane, _LaneState())
            row = (lane.group_key, lane.receiver, lane.integration, episode)
            self._book.write(REMEMBER, (*row, orjson.dumps(dict(memory))))
        else:
            self._book.write(FORGET, (lane.group_key, lane.receiver, lane.integration))
        if state is not None:
            state.episode, state.memory = episode, dict(memory)

    def _coalesced_due_ns(self, waiting: _Waiting, older: _Waiting) -> int:
        """Say when what takes another's place is due: as late as a pause, as early as a hold."""
        if older.attempt:
            return max(waiting.due_ns, older.due_ns)
        return min(waiting.due_ns, older.due_ns) if self.hold_ns else waiting.due_ns

    def _count(self, lane: Lane, change: int) -> None:
        route = (lane.receiver, lane.integration)
        self._size += change
        self._counts[route] = self._counts.get(route, 0) + change
        if not self._counts[route]:
            del self._counts[route]

    def _enter(self, waiting: _Waiting) -> None:
        lane = waiting.notification.lane
        self._lanes.setdefault(lane, _LaneState()).waiting.append(waiting)
        self._count(lane, 1)
        self._schedule(lane)

    def _schedule(self, lane: Lane) -> None:
        state = self._lanes[lane]
        if state.under_way is None and state.waiting:
            head = state.waiting[0]
            route = (lane.receiver, lane.integration)
            heapq.heappush(self._timed.setdefault(route, []), (head.due_ns, head.place, lane))

    def _ripen(self, route: Route, now_ns: int) -> None:
        """Move what has become due to the heap that is ordered by urgency."""
        timed, ready = self._timed[route], self._ready.setdefault(route, [])
        while timed and timed[0][0] <= now_ns:
            due_ns, place, lane = heapq.heappop(timed)
            if self._is_head(due_ns, place, lane):
                urgency = self._lanes[lane].waiting[0].notification.urgency
                heapq.heappush(ready, (urgency, place, due_ns, lane))

    def _heads(self, route: Route, limit: int) -> list[_Ready]:
        """Look at the first of what is ready, and drop what is not there any more."""
        ready = self._ready.get(route, [])
        found: list[_Ready] = []
        while ready and len(found) < limit:
            entry = heapq.heappop(ready)
            _, place, due_ns, lane = entry
            if self._is_head(due_ns, place, lane) and entry not in found[-1:]:
                found.append(entry)
        for entry in found:
            heapq.heappush(ready, entry)
        return found

    def _is_head(self, due_ns: int, place: int, lane: Lane) -> bool:
        """Say whether an entry of a heap still stands for what its lane sends next."""
        state = self._lanes.get(lane)
        if state is None or state.under_way is not None or not state.waiting:
            return False
        head = state.waiting[0]
        return head.place == place and head.due_ns == due_ns

    def _parcel(self, lane: Lane) -> Parcel:
        state = self._lanes[lane]
        head = state.waiting[0]
        memory = state.memory_of(head.notification)
        return Parcel(head.notification, head.attempt, dict(memory), head.due_ns)

    def _finish(self, parcel: Parcel, *, keep: bool = False) -> tuple[_LaneState, _Waiting]:
        state = self._lanes[parcel.notification.lane]
        settled = state.under_way
        assert settled is not None, f"{parcel.notification.id} was settled twice"
        assert settled.notification.id == parcel.notification.id, "settled by another's name"
        state.under_way = None
        self._count(settled.notification.lane, -1)
        if not keep:
            self._book.write(TAKE_OUT, (settled.place,))
        return state, settled

    def _settle(self, parcel: Parcel, happening: Happening, detail: str, now_ns: int) -> None:
        self._note(parcel.notification, happening, now_ns, self._words(parcel, detail))
        lane = parcel.notification.lane
        self._schedule(lane)
        state = self._lanes[lane]
        if not state.waiting and not state.memory:
            del self._lanes[lane]
        for each in self.settled:
            each(parcel, happening)

    def _coalesce(self, state: _LaneState, older: _Waiting, now_ns: int) -> None:
        state.waiting.remove(older)
        self._count(older.notification.lane, -1)
        self._book.write(TAKE_OUT, (older.place,))
        self._note(older.notification, Happening.COALESCED, now_ns, "something newer is to be said")

    def _interrupted(self, waiting: _Waiting, now_ns: int) -> None:
        told = f"attempt {waiting.attempt} was cut short by a restart and is made again"
        waiting.due_ns = now_ns
        self._note(waiting.notification, Happening.INTERRUPTED, now_ns, told)

    def _write(self, waiting: _Waiting) -> None:
        told = waiting.notification
        row = (waiting.place, told.id, waiting.due_ns, waiting.attempt, told.as_json())
        self._book.write(PUT, row)

    def _words(self, parcel: Parcel, detail: str) -> str:
        return f"attempt {parcel.attempt}: {detail}" if detail else f"attempt {parcel.attempt}"

    def _note(self, told: Notification, kind: Happening, now_ns: int, words: str) -> None:
        self._history.note(
            Entry(
                now_ns,
                kind,
                group_key=told.group_key,
                alert=told.group_labels.get("alertname") or told.common_labels.get("alertname"),
                receiver=told.receiver,
                integration=told.integration,
                told=words,
                labels=told.group_labels,
            )
        )


def _shown(state: _LaneState, each: _Waiting, due_ns: int) -> Parcel:
    return Parcel(each.notification, each.attempt, state.memory_of(each.notification), due_ns)


def _same_episode(one: _Waiting, other: _Waiting) -> bool:
    return one.notification.episode == other.notification.episode
