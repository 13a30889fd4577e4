"""
Whether an action is done.

An action that was done is left alone while it cools down; one that is not armed only tells what it
would do; one that needs a human waits for a person until its deadline. Whatever happens is written
into the history with who or what pulled it, and what is begun is on disk before it is done: a crash
in between costs one repetition and loses nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from tapewatch.alerting.actions.approvals import Approvals
from tapewatch.alerting.actions.arming import Arming
from tapewatch.alerting.actions.hands import Hands
from tapewatch.alerting.actions.pull import Approval, Pull
from tapewatch.alerting.actions.settings import ActionSettings, ActionsSettings
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import Entry, Happening, History
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.channels.channel import Delivered, Outcome, Refused
from tapewatch.alerting.routing import MS
from tapewatch.model.clock import Clock
from tapewatch.model.durations import format_duration_ms, format_time_ns
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert, AlertSink

WAITS: Final = "ActionWaits"
"""The name of the alert that asks a person to agree to an action."""
FAILED: Final = "ActionFailed"
FAILED_LASTS_NS: Final = 3600 * 1_000_000_000
Written = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LastPull:
    """What was done last by one action."""

    key: str
    by: str
    at_ns: int
    done: bool
    words: str = ""


class Actions:
    """Everything that can be set off."""

    def __init__(
        self,
        settings: ActionsSettings,
        book: Book,
        hands: Hands,
        clock: Clock,
        *,
        written: Written,
        sink: AlertSink | None = None,
        new_id: Callable[[], str],
        server: str = "",
    ) -> None:
        self.settings = settings
        self.pending = Approvals(book, server)
        self._hands = hands
        self._clock = clock
        self._written = written
        self._sink = sink
        self._new_id = new_id
        self._history = History(book)
        self._arming = Arming(book)
        self._kept_last = Kept(book, "action")
        self._last = {key: LastPull(**told) for key, told in self._kept_last.load()}
        self._asked: dict[str, Approval] = {each.id: each for each in self.pending.waiting()}
        """Approvals that an alert asks people for."""
        self._doing: set[str] = set()
        self._tasks: set[asyncio.Task[Outcome]] = set()

    async def pull(self, pull: Pull) -> Outcome:
        """Do what is wished, or say why not."""
        action = self.settings.known.get(pull.action)
        if action is None:
            return Refused(f"there is no action {pull.action!r} under alerting.actions.known")
        if words := self._why_not_again(action, pull):
            return self._note(Happening.ACTION_LEFT, pull, words)
        if not self.is_armed(pull.action):
            words = f"dry run: would {self._hands.intention(action)}"
            return self._note(Happening.ACTION_DRY, pull, words)
        if action.kind == "command" and not self.settings.allows(action.to):
            words = f"{action.to} is not listed under alerting.actions.commands"
            return self._note(Happening.ACTION_FAILED, pull, words, Refused(words))
        if action.confirm and not pull.by_person:
            return self._ask(action, pull)
        return await self._do(action, pull)

    def is_armed(self, name: str) -> bool:
        """Say whether an action is done: by the configuration, or because somebody armed it."""
        by_hand = self._arming.get(name, self._clock.now_ns()) is not None
        return self.settings.is_armed(name) or by_hand

    def arm(self, pull: Pull, lasts_ms: int) -> Outcome:
        """Arm an action for a while, for the reason that is told; raises ``NotAllowed``."""
        armed = self._arming.arm(
            self.settings, pull.action, pull.by, lasts_ms=lasts_ms, now_ns=self._clock.now_ns()
        )
        words = f"armed by {pull.by} until {format_time_ns(armed.until_ns)}"
        return self._note(Happening.ACTION_ARMED, pull, words)

    def disarm(self, pull: Pull) -> Outcome:
        """Make an action that was armed by hand a dry run again; raises ``NotAllowed``."""
        self._arming.disarm(self.settings, pull.action, pull.by)
        return self._note(Happening.ACTION_DISARMED, pull, f"disarmed by {pull.by}")

    def approvals(self) -> list[Approval]:
        """Give what waits for a person."""
        return self.pending.waiting()

    async def approve(self, approval_id: str, by: str) -> Outcome:
        """Agree to an action; raises ``NotKnown`` where nothing of this id waits any more."""
        now_ns = self._clock.now_ns()
        approval = self.pending.agree(approval_id, by, now_ns)
        self._note(Happening.ACTION_APPROVED, approval.pull.agreed_by(by), f"agreed by {by}")
        self._ask_people()
        if not self.pending.is_ours(approval, now_ns):
            return Delivered(detail="agreed; it is done by the server that was asked")
        return await self._do_agreed(approval)

    def decline(self, approval_id: str, by: str, why: str = "") -> None:
        """Say no to an action; raises ``NotKnown``."""
        pull = self.pending.get(approval_id).pull
        words = f"declined by {by}" + (f": {why}" if why else "")
        self.pending.settle(approval_id, words)
        self.pending.drop(approval_id)
        self._ask_people()
        self._note(Happening.ACTION_DECLINED, pull, words)

    def adopt(self, approval_id: str, told: dict[str, Any]) -> None:
        """Take over how an approval stands on another server."""
        known = self._asked.get(approval_id)
        self.pending.adopt(approval_id, told)
        self._ask_people()
        if known is not None and told.get("declined"):
            self._note(Happening.ACTION_DECLINED, known.pull, told["declined"])

    def tick(self, now_ns: int) -> None:
        """Let go of what nobody has agreed to in time, and do what was agreed to elsewhere."""
        for approval in self.pending.waiting():
            if approval.until_ns <= now_ns:
                self.pending.drop(approval.id)
                self._ask_people()
                self._note(Happening.ACTION_EXPIRED, approval.pull, "nobody agreed in time")
        for approval in self.pending.to_do(now_ns):
            if approval.id not in self._doing:
                task = asyncio.ensure_future(self._do_agreed(approval))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def wake_at_ns(self) -> int:
        """Give when there is something to do next; 0 is never."""
        return self.pending.wake_at_ns(self._doing)

    def shown(self) -> Iterator[dict[str, Any]]:
        """Describe every action for people."""
        now_ns = self._clock.now_ns()
        for name, action in sorted(self.settings.known.items()):
            last, hand = self._last.get(name), self._arming.get(name, now_ns)
            yield {
                "name": name,
                "kind": action.kind,
                "help": action.help,
                "armed": self.is_armed(name),
                "armed_by": hand.by if hand else "",
                "armed_until": format_time_ns(hand.until_ns) if hand else "",
                "arm_by": [] if action.armed is False else list(self.settings.arm_by),
                "arm_for": format_duration_ms(self.settings.arm_for),
                "confirm": action.confirm,
                "would": self._hands.intention(action),
                "last": {**asdict(last), "at": format_time_ns(last.at_ns)} if last else None,
            }

    async def _do(self, action: ActionSettings, pull: Pull) -> Outcome:
        self._keep_last(pull, done=False)
        self._note(Happening.ACTION_BEGUN, pull, self._hands.intention(action))
        await self._written()
        outcome = await self._hands.do(action, pull)
        done = isinstance(outcome, Delivered)
        self._keep_last(pull, done=done, words=outcome.detail)
        self._tell_failure(pull, outcome)
        kind = Happening.ACTION_DONE if done else Happening.ACTION_FAILED
        return self._note(kind, pull, outcome.detail, outcome)

    def _why_not_again(self, action: ActionSettings, pull: Pull) -> str:
        last = self._last.get(pull.action)
        if last is None or pull.by_person:
            return ""  # A person who pulls knows what they do.
        if last.key == pull.key:
            # What was cut short or failed may be tried again.
            return "left alone: it was done for this alert" if last.done else ""
        until_ns = last.at_ns + action.cool_down * MS
        if until_ns <= self._clock.now_ns():
            return ""
        return f"left alone: it cools down until {format_time_ns(until_ns)}"

    def _ask(self, action: ActionSettings, pull: Pull) -> Outcome:
        now_ns = self._clock.now_ns()
        if self.pending.asks_for(pull.action):
            return Delivered(detail="somebody is being asked already")
        approval = Approval(self._new_id(), pull, now_ns + action.confirm_within * MS)
        self.pending.ask(approval)
        words = f"waits for a person until {format_time_ns(approval.until_ns)}"
        self._ask_people()
        return self._note(Happening.ACTION_WAITS, pull, words)

    async def _do_agreed(self, approval: Approval) -> Outcome:
        """Do what somebody has agreed to; it is let go of when that is known to be done."""
        self._doing.add(approval.id)
        self.pending.settle(approval.id)
        try:
            return await self.pull(approval.pull.agreed_by(approval.agreed_by))
        finally:
            self._doing.discard(approval.id)
            self.pending.drop(approval.id)

    def _ask_people(self) -> None:
        """Let an alert fire for everything that waits, and end for what does no more."""
        waiting = {each.id: each for each in self.pending.waiting()}
        for name in self._asked.keys() - waiting.keys():
            self._say(self._question(self._asked[name], self._clock.now_ns()))
        for name in waiting.keys() - self._asked.keys():
            self._say(self._question(waiting[name], waiting[name].until_ns))
        self._asked = waiting

    def _question(self, approval: Approval, ends_ns: int) -> Alert:
        pull = approval.pull
        labels = Labels.of(alertname=WAITS, action=pull.action, severity="critical")
        annotations = Labels.of(
            summary=f"{pull.action} waits for a person: {pull.why}",
            description=f"Pulled by {pull.by}.",
            action=f"tapewatch alerts approve {approval.id}, or tapewatch alerts decline",
        )
        return Alert(labels, annotations, pull.at_ns, ends_ns)

    def _tell_failure(self, pull: Pull, outcome: Outcome) -> None:
        now_ns = self._clock.now_ns()
        ends_ns = now_ns if isinstance(outcome, Delivered) else now_ns + FAILED_LASTS_NS
        labels = Labels.of(alertname=FAILED, action=pull.action, severity="critical")
        annotations = Labels.of(
            summary=f"{pull.action} did not work: {outcome.detail}",
            description=f"Pulled by {pull.by}: {pull.why}",
        )
        self._say(Alert(labels, annotations, now_ns, ends_ns))

    def _say(self, alert: Alert) -> None:
        if self._sink is not None:
            self._sink.accept([alert], self._clock.now_ns())

    def _keep_last(self, pull: Pull, *, done: bool, words: str = "") -> None:
        last = LastPull(pull.key, pull.by, self._clock.now_ns(), done, words)
        self._last[pull.action] = last
        self._kept_last.keep(pull.action, asdict(last))

    def _note(
        self, kind: Happening, pull: Pull, words: str, outcome: Outcome | None = None
    ) -> Outcome:
        entry = Entry(
            self._clock.now_ns(),
            kind,
            alert=pull.labels.get("alertname"),
            receiver=f"action/{pull.action}",
            by=pull.by,
            told=f"{words} (why: {pull.why})",
            labels=pull.labels,
        )
        self._history.note(entry)
        return outcome or Delivered(detail=words)
