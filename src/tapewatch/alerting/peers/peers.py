"""
What two servers agree on, and which of them sends.

Both decide everything. The one whose name comes first sends at once; the other holds what it has
decided for ``wait`` and sends only what the first has not said to have sent by then. A server that
was not heard of for ``wait`` is not waited for any more. So:

* one server dying loses nothing: the other sends what it holds, ``wait`` later at the latest;
* what the dead server had sent and not yet told of is sent twice, and nothing else;
* while nothing passes between them both send, and what each has sent then is sent twice;
* afterwards records are exchanged from where they stopped, and the later one wins.

Everything here is decided by the messages and times handed in; ``link.py`` carries them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.alerting.attention import Attention
from tapewatch.alerting.book.history import Happening
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.notification import Lane, Notification
from tapewatch.alerting.notified import Told
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.peers.ledger import Ledger, Record
from tapewatch.alerting.silences import Silence

VERSION: Final = 1
BATCH: Final = 500
SILENCE, ATTENTION, TOLD = "silence", "attention", "told"
KEPT_NS: Final = 5 * 86_400 * 1_000_000_000
TIDY_NS: Final = 3600 * 1_000_000_000


Taken = Callable[[str, Any], None]
"""Takes what another server shares of one kind: its key and its body."""


@dataclass(slots=True)
class Neighbour:
    """Another server, by its address."""

    url: str
    id: str = ""
    process: str = ""
    """Changes when it starts anew, and has to be told everything again."""
    number: int = 0
    """Up to where it knows our records."""
    last_error: str | None = None


class Peers:
    """The state that is shared."""

    def __init__(
        self,
        desk: Desk,
        own_id: str,
        process: str,
        *,
        urls: tuple[str, ...],
        wait_ns: int,
        now_ns: int,
    ) -> None:
        self.id = own_id
        self.process = process
        self.neighbours = [Neighbour(url.rstrip("/")) for url in urls]
        self.ledger = Ledger(desk.book, own_id)
        self._desk = desk
        self._wait_ns = wait_ns
        self._began_ns = self._now_ns = now_ns
        self._tidy_ns = now_ns + TIDY_NS
        self._heard_ns: dict[str, int] = {}
        self._letters: dict[Lane, tuple[str, int]] = {}
        self._taking = False
        self._others: dict[str, Taken] = {}
        self._seed(now_ns)
        # What the last process left may have been said by another server meanwhile.
        desk.outbox.hold_all(now_ns + wait_ns)
        desk.silences.changed.append(self._silence_changed)
        desk.attention.changed.append(self._attention_changed)
        desk.outbox.settled.append(self._settled)
        self.tick(now_ns)

    def share(self, kind: str, key: str, body: Any) -> None:
        """Tell the others of something that is none of the desk's."""
        if not self._taking:
            self.ledger.write(kind, key, body, self._now_ns)

    def listen(self, kind: str, taken: Taken) -> None:
        """Let somebody hear what the others share of one kind."""
        self._others[kind] = taken

    def is_alive(self, name: str) -> bool:
        """Say whether another server was heard of lately."""
        return name in self.alive(self._now_ns)

    def leave(self) -> None:
        """Share nothing any more."""
        self._desk.silences.changed.remove(self._silence_changed)
        self._desk.attention.changed.remove(self._attention_changed)
        self._desk.outbox.settled.remove(self._settled)
        self._desk.outbox.hold_ns = 0

    def tick(self, now_ns: int) -> None:
        """Look who is there, and drop what another server has said meanwhile."""
        self._now_ns = now_ns
        self._take_turn(now_ns)
        self._drop_letters(now_ns)
        if now_ns >= self._tidy_ns:
            self._tidy_ns = now_ns + TIDY_NS
            self.ledger.forget(now_ns - KEPT_NS, self._is_there)

    def clock_stepped(self, by_ns: int) -> None:
        """Go on as before when the clock is set."""
        self._began_ns += by_ns
        self._heard_ns = {name: at_ns + by_ns for name, at_ns in self._heard_ns.items()}

    def position(self, now_ns: int) -> int:
        """Say how many servers send before this one."""
        before = sum(1 for name in self.alive(now_ns) if name < self.id)
        unknown = any(not each.id for each in self.neighbours)
        if unknown and now_ns - self._began_ns < self._wait_ns:
            # Whoever has not answered yet may be there and send first.
            return max(before, 1)
        return before

    def alive(self, now_ns: int) -> list[str]:
        """Name the other servers that were heard of lately."""
        return [n for n, at_ns in self._heard_ns.items() if now_ns - at_ns <= self._wait_ns]

    def outgoing(self, neighbour: Neighbour) -> tuple[dict[str, Any], int]:
        """Write the next message for a neighbour, and the number it brings the neighbour to."""
        records, number = self.ledger.since(neighbour.number, BATCH)
        told = {"version": VERSION, "from": self.id, "process": self.process}
        return told | {"records": [each.as_dict() for each in records]}, number

    def answered(
        self, neighbour: Neighbour, number: int, answer: dict[str, Any], now_ns: int
    ) -> None:
        """Take note that a message arrived."""
        neighbour.last_error = None
        process = str(answer.get("process", ""))
        fresh = bool(neighbour.process) and process != neighbour.process
        neighbour.id, neighbour.process = str(answer.get("from", "")), process
        # Who has started anew may have lost what it had not written yet.
        neighbour.number = 0 if fresh else number
        self._hear(neighbour.id, now_ns)

    def receive(self, message: dict[str, Any], now_ns: int) -> dict[str, Any]:
        """Take a neighbour's message, and answer it."""
        self._now_ns = now_ns
        self._hear(str(message.get("from", "")), now_ns)
        for told in message.get("records", ()):
            record = Record.from_dict(told)
            if self.ledger.take(record):
                self._adopt(record, now_ns)
        return {"version": VERSION, "from": self.id, "process": self.process}

    def is_behind(self, neighbour: Neighbour) -> bool:
        """Say whether a neighbour lacks records of ours."""
        return neighbour.number < self.ledger.number

    def _hear(self, name: str, now_ns: int) -> None:
        if name and name != self.id:
            self._heard_ns[name] = now_ns
        # What is decided before the next tick must already know whose turn is whose.
        self._take_turn(now_ns)

    def _take_turn(self, now_ns: int) -> None:
        self._desk.outbox.hold_ns = self.position(now_ns) * self._wait_ns

    def _seed(self, now_ns: int) -> None:
        """Share also what was there before anybody to share it with."""
        for silence in self._desk.silences:
            if self.ledger.get(SILENCE, silence.id) is None:
                self._silence_changed(silence)
        for fingerprint, attention in self._desk.attention:
            if self.ledger.get(ATTENTION, fingerprint) is None:
                self._attention_changed(fingerprint, attention)
        self._now_ns = now_ns

    def _is_there(self, record: Record) -> bool:
        if record.kind == SILENCE:
            return any(silence.id == record.key for silence in self._desk.silences)
        return record.kind == ATTENTION and self._desk.alerts.get(record.key) is not None

    def _silence_changed(self, silence: Silence) -> None:
        if not self._taking:
            body = silence.as_json().decode()
            self.ledger.write(SILENCE, silence.id, body, self._now_ns)

    def _attention_changed(self, fingerprint: str, attention: Attention) -> None:
        if not self._taking:
            self.ledger.write(ATTENTION, fingerprint, attention.as_dict(), self._now_ns)

    def _settled(self, parcel: Parcel, happening: Happening) -> None:
        """Say what was sent."""
        if happening is not Happening.DELIVERED:
            return
        told = parcel.notification
        known = self._desk.log.get(told.lane)
        if known is None or (known.episode, known.sequence) != (told.episode, told.sequence):
            firing = [each.fingerprint for each in told.firing]
            resolved = [each.fingerprint for each in told.resolved]
        else:
            firing, resolved = sorted(known.firing), sorted(known.resolved)
        lane = [told.group_key, told.receiver, told.integration]
        body = {
            "lane": lane,
            "letter": known is None,
            "reason": told.reason,
            "firing": firing,
            "resolved": resolved,
            "ends": self._said_ends(told),
            "episode": told.episode,
            "sequence": told.sequence,
            "memory": dict(self._desk.outbox.memory_of(told.lane)),
        }
        key = "\xff".join(lane)
        self.ledger.write(TOLD, key, body, self._now_ns)

    def _said_ends(self, told: Notification) -> dict[str, int]:
        """Give the ends that a sender has said, and not those that follow from its silence."""
        known = self._desk.alerts.get
        return {
            view.fingerprint: view.ends_at_ns
            for view in told.resolved
            if (state := known(view.fingerprint)) is not None and not state.timeout
        }

    def _adopt(self, record: Record, now_ns: int) -> None:
        self._taking = True
        try:
            if record.kind == SILENCE:
                self._desk.silences.adopt(Silence.from_json(record.body.encode()))
            elif record.kind == ATTENTION:
                attention = Attention.from_dict(record.body)
                self._desk.heed(record.key, attention, now_ns)
            elif record.kind == TOLD:
                self._adopt_told(record, now_ns)
            elif record.kind in self._others:
                self._others[record.kind](record.key, record.body)
        finally:
            self._taking = False

    def _adopt_told(self, record: Record, now_ns: int) -> None:
        """Take what another server has sent for sent."""
        body, lane = record.body, Lane(*record.body["lane"])
        if body["letter"]:
            self._letters[lane] = (body["reason"], now_ns)
            self._drop_letters(now_ns)
            return
        told = Told(
            frozenset(body["firing"]),
            frozenset(body["resolved"]),
            now_ns,
            body["episode"],
            body["sequence"],
        )
        own = self._desk.log.get(lane)
        outbox = self._desk.outbox
        if any(True for _ in outbox.in_lane(lane)):
            covered = own is not None and own.firing <= told.firing
            if not (covered and own is not None and own.resolved <= told.resolved):
                # The other server works on this group: give it the time to say the rest.
                outbox.hold(lane, now_ns + self._desk.outbox.hold_ns)
                return
            outbox.withdraw(lane, now_ns, f"{record.origin} has said it")
        self._desk.log.adopt(lane, told)
        self._desk.end_with_peer(body["ends"], now_ns)
        self._desk.join_episode(lane.group_key, told)
        outbox.remember(lane, told.episode, body["memory"])

    def _drop_letters(self, now_ns: int) -> None:
        """Drop letters that another server has sent; they stand in no log."""
        for lane, (reason, at_ns) in list(self._letters.items()):
            for parcel in list(self._desk.outbox.in_lane(lane)):
                if parcel.notification.reason == reason:
                    self._desk.outbox.withdraw(lane, now_ns, "another server has said it")
                    break
            if now_ns - at_ns > 2 * self._wait_ns:
                del self._letters[lane]
