"""Hand-over: whoever's turn begins, and whoever's ends, are told, with what still fires."""

from typing import Final

from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.letter import Letter, note, post
from tapewatch.alerting.notification import HAND_OVER
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.model.labels import Labels

CHANGED: Final = "OnCallChanged"
LOOK_NS: Final = 30 * 1_000_000_000


class HandOver:
    """Looks who is on call, and tells when that is somebody else."""

    def __init__(self, desk: Desk, roster: Roster, now_ns: int) -> None:
        self._desk = desk
        self._roster = roster
        self._kept = Kept(desk.book, "hand over")
        self._known: dict[str, str] = dict(self._kept.load())
        self._due_ns = now_ns
        roster.changed.append(self._look_now)

    def tick(self, now_ns: int) -> None:
        """Look at every schedule that wants to be told of."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + LOOK_NS
        self._roster.forget(now_ns)
        for name in self._roster.schedules():
            shift = self._roster.on_call(name, now_ns)
            person = shift.person if shift is not None else ""
            former = self._known.get(name)
            if person != former:
                self._known[name] = person
                self._kept.keep(name, person)
                if former is not None:
                    self._tell(name, former, person, now_ns)

    def wake_at_ns(self) -> int:
        """Give when to look again; 0 is never."""
        return max(self._due_ns, 1) if self._roster.settings.schedules else 0

    def _look_now(self) -> None:
        self._due_ns = 0

    def _tell(self, schedule: str, former: str, person: str, now_ns: int) -> None:
        receiver = self._roster.settings.schedules[schedule].hand_over
        if not receiver:
            return
        firing = sum(1 for _ in self._desk.firing(now_ns))
        words = f"{person or 'Nobody'} is on call for {schedule} now, after {former or 'nobody'}"
        labels = Labels.of(schedule=schedule)
        view = note(CHANGED, words, labels, now_ns, description=f"{firing} alerts fire.")
        letter = Letter(f"hand over/{schedule}", now_ns, 1, HAND_OVER, [view], labels)
        post(letter, receiver, self._desk.outbox, self._desk.plan, now_ns)
