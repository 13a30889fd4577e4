"""
The crew: those who work beside the desk of a running server.

Actions, on call, escalation, heartbeats and peers are each told the time after the desk, and say
when they want to be told again; what they want said goes through the desk's outbox.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.alerting.actions.actions import Actions, Written
from tapewatch.alerting.actions.hands import Folders, Hands
from tapewatch.alerting.delivery.health import ChannelHealth
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.escalation.escalator import Escalator
from tapewatch.alerting.heartbeats.chain import Chain, Rules
from tapewatch.alerting.heartbeats.digest import Digest
from tapewatch.alerting.heartbeats.heartbeat import Heartbeat
from tapewatch.alerting.heartbeats.watchdog import Watchdog
from tapewatch.alerting.oncall.handover import HandOver
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.peers.link import Link
from tapewatch.alerting.peers.peers import Peers
from tapewatch.alerting.routing import MS
from tapewatch.alerting.settings import AlertingSettings
from tapewatch.alerting.storm import Storms
from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, family, gauge
from tapewatch.watch.alert import AlertSink

APPROVAL: Final = "approval"
BEAT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the crew stands on."""

    desk: Desk
    clock: Clock
    sink: AlertSink
    written: Written
    health: Callable[[], Sequence[ChannelHealth]]
    rules: Rules | None = None
    id: str = ""
    """The server's name among its peers."""
    external_url: str = ""
    folders: Folders | None = None
    """Where the regions of processes are, whose switches may be tripped."""


class Crew:
    """Everybody."""

    def __init__(self, ground: Ground, settings: AlertingSettings) -> None:
        self._ground = ground
        self._settings = settings
        desk, clock = ground.desk, ground.clock
        now_ns = clock.now_ns()
        self.actions = Actions(
            settings.actions,
            desk.book,
            Hands(clock, ground.folders),
            clock,
            written=ground.written,
            sink=ground.sink,
            new_id=_new_id,
            server=ground.id,
        )
        self.storms = Storms(desk)
        self.roster = Roster(settings.on_call, desk.book, _new_id)
        self.escalator = Escalator(desk, self.roster, now_ns)
        self.hand_over = HandOver(desk, self.roster, now_ns)
        self.chain = Chain(desk, ground.health, ground.rules)
        self.watchdog = Watchdog(desk)
        self.digest = Digest(desk, ground.health, self.chain.fault)
        self.heartbeats: list[Heartbeat] = []
        self.peers: Peers | None = None
        self._changed = asyncio.Event()
        self._use()

    def apply(self, settings: AlertingSettings) -> None:
        """Use new settings."""
        now_ns = self._ground.clock.now_ns()
        self._settings = settings
        self.actions.settings = settings.actions
        self.roster.use(settings.on_call)
        self.escalator.use(now_ns)
        self._use()
        self._changed.set()

    def tick(self, now_ns: int) -> None:
        """Do what has become due."""
        self.chain.ticked_ns = now_ns
        if self.peers is not None:
            self.peers.tick(now_ns)
        self.storms.tick(now_ns)
        self.actions.tick(now_ns)
        self.hand_over.tick(now_ns)
        self.escalator.tick(now_ns)
        self.watchdog.tick(now_ns)
        self.digest.tick(now_ns)

    def wake_at_ns(self, now_ns: int) -> int:
        """Give when there is something to do next; 0 is never."""
        times = [
            self.storms.wake_at_ns(),
            self.actions.wake_at_ns(),
            self.hand_over.wake_at_ns(),
            self.escalator.wake_at_ns(),
            self.watchdog.wake_at_ns(),
            self.digest.wake_at_ns(now_ns),
        ]
        if self.peers is not None:
            times.append(now_ns + round(BEAT_SECONDS * 1e9))
        return min((each for each in times if each), default=0)

    def clock_stepped(self, by_ns: int) -> None:
        """Go on as before when the clock is set."""
        self.escalator.clock_stepped(by_ns)
        if self.peers is not None:
            self.peers.clock_stepped(by_ns)

    async def run(self) -> None:
        """Give signs of life and talk to peers until cancelled."""
        while True:
            self._changed.clear()
            tasks = [asyncio.ensure_future(each) for each in self._talks()]
            try:
                await self._changed.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Let go of connections."""
        for each in self.heartbeats:
            each.close()

    def families(self) -> Iterator[Family]:
        """Yield what the crew knows of itself."""
        fault = self.chain.fault(self._ground.clock.now_ns())
        yield from self.storms.families()
        yield gauge("tapewatch_alerting_chain_up", "Whether alerts get through.", not fault)
        yield gauge(
            "tapewatch_actions_waiting",
            "Actions that wait for a person.",
            len(self.actions.approvals()),
        )
        told = [
            (Labels.of(kind=e.settings.kind, place=str(i)), float(e.last_error is None))
            for i, e in enumerate(self.heartbeats)
        ]
        yield family(
            "tapewatch_heartbeat_up", MetricType.GAUGE, "Whether the last heartbeat arrived.", told
        )
        if self.peers is not None:
            alive = self.peers.alive(self._ground.clock.now_ns())
            yield gauge("tapewatch_peers_alive", "Other servers that were heard of.", len(alive))

    def _talks(self) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._beat()
        if self.peers is not None:
            token = self._settings.peer_token
            yield Link(self.peers, self._ground.clock, token.reveal() if token else "").run()

    async def _beat(self) -> None:
        """Give every sign of life that is due."""
        clock = self._ground.clock
        while True:
            now_ns = clock.now_ns()
            due = [each for each in self.heartbeats if each.due_ns <= now_ns]
            if due:
                fault = self.chain.fault(now_ns)
                await asyncio.gather(*(each.beat(fault) for each in due))
            await clock.sleep(BEAT_SECONDS)

    def _use(self) -> None:
        settings, ground = self._settings, self._ground
        self.watchdog.on = settings.watchdog
        self.digest.settings = settings.digest
        self.close()
        self.heartbeats = [
            Heartbeat(each, ground.clock, source=ground.id, external_url=ground.external_url)
            for each in settings.heartbeats
        ]
        self._use_peers()

    def _use_peers(self) -> None:
        known = tuple(each.url for each in self.peers.neighbours) if self.peers else ()
        wanted = tuple(url.rstrip("/") for url in self._settings.peers)
        if known == wanted:
            return
        if self.peers is not None:
            self.peers.leave()
            self.peers = None
            self.actions.pending.alone()
        if wanted:
            self.peers = Peers(
                self._ground.desk,
                self._ground.id,
                _new_id(),
                urls=wanted,
                wait_ns=self._settings.peer_wait * MS,
                now_ns=self._ground.clock.now_ns(),
            )
            self._share_approvals(self.peers)

    def _share_approvals(self, peers: Peers) -> None:
        """Let a person agree on any of the servers, and the one that was asked act."""
        pending = self.actions.pending
        pending.is_alive = peers.is_alive
        pending.changed = [lambda name, told: peers.share(APPROVAL, name, told)]
        peers.listen(APPROVAL, self.actions.adopt)
        for approval in pending.waiting():
            if peers.ledger.get(APPROVAL, approval.id) is None:
                pending.tell(approval.id)


def _new_id() -> str:
    return str(uuid.uuid4())
