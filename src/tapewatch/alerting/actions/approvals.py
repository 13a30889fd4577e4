"""
What waits for a person: asked here or on another server, agreed to on any of them.

The server that was asked does what somebody has agreed to, because kill switches and programs
belong to its machine. Where it is gone, or has not said within ``HANDED_NS`` that it has begun,
the server on which somebody agreed does it: an action done twice is better than none.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from tapewatch.alerting.actions.pull import Approval
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.errors import NotKnown

HANDED_NS: Final = 5 * 1_000_000_000
"""How long a server that was asked may take to say that it has begun."""

Shared = Callable[[str, dict[str, Any]], None]
"""Hears of every change: the approval's id, and how it stands."""


class Approvals:
    """Everything that somebody is asked to agree to."""

    def __init__(self, book: Book, server: str = "") -> None:
        self.server = server
        self.changed: list[Shared] = []
        self.is_alive: Callable[[str], bool] = lambda _server: False
        self._kept = Kept(book, "approval")
        self._known = {key: Approval.from_dict(told) for key, told in self._kept.load()}

    def alone(self) -> None:
        """Share nothing any more."""
        self.changed, self.is_alive = [], lambda _server: False

    def waiting(self) -> list[Approval]:
        """Give what nobody has agreed to, the most urgent first."""
        left = (each for each in self._known.values() if not each.agreed_by)
        return sorted(left, key=lambda each: each.until_ns)

    def asks_for(self, action: str) -> bool:
        """Say whether somebody is being asked for an action already."""
        return any(each.pull.action == action for each in self._known.values())

    def ask(self, approval: Approval) -> None:
        """Let an approval wait."""
        self._keep(replace(approval, server=self.server))
        self.tell(approval.id)

    def get(self, approval_id: str) -> Approval:
        """Find what waits; raises ``NotKnown``."""
        found = self._known.get(approval_id)
        if found is None or found.agreed_by:
            raise NotKnown("approval", approval_id)
        return found

    def agree(self, approval_id: str, by: str, now_ns: int) -> Approval:
        """Note that somebody agrees; raises ``NotKnown``."""
        agreed = replace(self.get(approval_id), agreed_by=by, agreed_ns=now_ns)
        self._keep(agreed)
        self.tell(approval_id)
        return agreed

    def settle(self, approval_id: str, declined: str = "") -> None:
        """Say that the others need not do it any more, or who has declined it."""
        for each in self.changed:
            each(approval_id, {"settled": True, "declined": declined})

    def drop(self, approval_id: str) -> None:
        """Let go of an approval that was declined, is done, or whose time is over."""
        if self._known.pop(approval_id, None) is not None:
            self._kept.drop(approval_id)

    def to_do(self, now_ns: int) -> list[Approval]:
        """Give what was agreed to and is done here."""
        return [
            each for each in self._known.values() if each.agreed_by and self.is_ours(each, now_ns)
        ]

    def is_ours(self, approval: Approval, now_ns: int) -> bool:
        """Say whether it is done here."""
        if approval.server in ("", self.server) or not self.is_alive(approval.server):
            return True
        return approval.agreed_ns + HANDED_NS <= now_ns

    def wake_at_ns(self, doing: AbstractSet[str]) -> int:
        """Give when there is something to do next beside what is being done; 0 is never."""
        times = (
            each.agreed_ns + HANDED_NS if each.agreed_by else each.until_ns
            for each in self._known.values()
            if each.id not in doing
        )
        return min(times, default=0)

    def adopt(self, approval_id: str, told: dict[str, Any]) -> None:
        """Take over how an approval stands on another server."""
        if told.get("settled"):
            self.drop(approval_id)
            return
        approval, known = Approval.from_dict(told), self._known.get(approval_id)
        if known is None or (approval.agreed_by and not known.agreed_by):
            self._keep(approval)

    def tell(self, approval_id: str) -> None:
        """Share how an approval stands."""
        for each in self.changed:
            each(approval_id, self._known[approval_id].as_dict())

    def _keep(self, approval: Approval) -> None:
        self._known[approval.id] = approval
        self._kept.keep(approval.id, approval.as_dict())
