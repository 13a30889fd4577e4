"""
The box: the newest messages in memory, in the order in which they came.

A message that changes one of before takes its place and keeps its number. Whoever watches asks for
what is newer than a revision and waits for the next one, so a slow watcher costs nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tapewatch.inbox.letter import Letter, Message
from tapewatch.model.clock import Clock

MESSAGES_MAX: Final = 2_000
RAW_MAX: Final = 20_000


class Box:
    """The messages of one inbox."""

    def __init__(self, clock: Clock, messages_max: int = MESSAGES_MAX) -> None:
        self._clock = clock
        self._messages_max = messages_max
        self._messages: OrderedDict[int, Message] = OrderedDict()
        self._changed = asyncio.Event()
        self._numbered = 0
        self.revision = 0
        self.received = 0
        """How many messages came, changes among them; what was forgotten counts too."""

    def take(self, service: str, receiver: str, letter: Letter, raw: bytes) -> Message:
        """Keep a message, or change the one that it is about."""
        self.revision += 1
        self.received += 1
        known = self._known(service, receiver, letter.key)
        message = self._changed_to(known, letter, raw) if known else None
        if message is None:
            message = self._fresh(service, receiver, letter, raw)
        self._messages[message.number] = message
        while len(self._messages) > self._messages_max:
            self._messages.popitem(last=False)
        self._tell()
        return message

    def since(self, revision: int = 0) -> Sequence[Message]:
        """Return what came or changed after a revision, the oldest first."""
        fresh = [each for each in self._messages.values() if each.revision > revision]
        return sorted(fresh, key=lambda each: each.revision)

    def clear(self) -> None:
        """Forget every message."""
        self._messages.clear()
        self.revision += 1
        self._tell()

    async def wait(self, revision: int) -> None:
        """Return once something is newer than a revision."""
        while self.revision <= revision:
            await self._changed.wait()

    def has(self, service: str, receiver: str, key: str) -> bool:
        """Say whether there is a message that can be changed by a key."""
        return self._known(service, receiver, key) is not None

    def letter(self, service: str, receiver: str, key: str) -> Letter | None:
        """Return the message that a key is about."""
        known = self._known(service, receiver, key)
        return known.letter if known else None

    def next_number(self) -> int:
        """Return the number that the next new message gets."""
        return self._numbered + 1

    def _known(self, service: str, receiver: str, key: str) -> Message | None:
        if not key:
            return None
        for each in reversed(self._messages.values()):
            if each.letter.key == key and (each.service, each.receiver) == (service, receiver):
                # What was closed is begun anew, as a new incident of the same key is.
                return None if each.service == "pagerduty" and _is_over(each) else each
        return None

    def _fresh(self, service: str, receiver: str, letter: Letter, raw: bytes) -> Message:
        number = self._numbered = self.next_number()
        now_ns = self._clock.now_ns()
        return Message(
            number,
            service,
            receiver,
            letter,
            at_ns=now_ns,
            changed_ns=now_ns,
            revision=self.revision,
            faults=letter.faults,
            size_bytes=len(raw),
            raw=_shown(raw),
        )

    def _changed_to(self, known: Message, letter: Letter, raw: bytes) -> Message:
        return replace(
            known,
            letter=letter,
            changed_ns=self._clock.now_ns(),
            revision=self.revision,
            changes=known.changes + 1,
            faults=tuple(dict.fromkeys((*known.faults, *letter.faults))),
            size_bytes=len(raw),
            raw=_shown(raw),
        )

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _is_over(message: Message) -> bool:
    return message.letter.state == "resolved"


def _shown(raw: bytes) -> str:
    text = raw[:RAW_MAX].decode("utf-8", "replace")
    return text if len(raw) <= RAW_MAX else f"{text}… ({len(raw)} bytes)"
