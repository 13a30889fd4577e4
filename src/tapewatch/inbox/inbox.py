"""
One inbox: its two ports, and what answers there.

Mail is taken at the port after the one of the page, so that one address says it all.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from tapewatch.inbox.box import MESSAGES_MAX, Box
from tapewatch.inbox.counter import Counter
from tapewatch.inbox.errors import InboxPortTaken
from tapewatch.inbox.smtp import MailServer
from tapewatch.inbox.web import application
from tapewatch.model.clock import Clock

HOST: Final = "127.0.0.1"
PORT: Final = 7603
ANY_PORTS: Final = (0, 0, 0, *range(17_600, 20_000, 2))
"""Where two ports side by side are looked for: wherever there are some, then below the ports that
outgoing connections get, for each of those leaves its port taken for a minute."""
GRACE_SECONDS: Final = 1


class Inbox:
    """A running (or starting, or stopping) inbox."""

    def __init__(self, clock: Clock, *, messages_max: int = MESSAGES_MAX) -> None:
        self.box = Box(clock, messages_max)
        self._counter = Counter(self.box)
        self._mail = MailServer(self._counter.mail)
        self._web: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._sockets: list[socket.socket] = []

    def bind(self, port: int = PORT) -> int:
        """Take the port and the one after it; 0 takes any two. Returns the first."""
        for wanted in (port,) if port else ANY_PORTS:
            try:
                self._sockets = _pair(wanted)
            except OSError as fault:
                refused = fault
            else:
                return self.port
        raise InboxPortTaken(port, refused.strerror or str(refused)) from None

    @property
    def port(self) -> int:
        """Where the page is; mail is taken at the next port."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """What ``alerting.inbox`` is set to so that messages come here."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Begin to answer; ``bind`` came before."""
        self._web = _Server(
            uvicorn.Config(
                application(self._counter),
                loop="none",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._serving = asyncio.create_task(self._web.serve(sockets=self._sockets[:1]))
        await self._mail.start(self._sockets[1])
        while not self._web.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """End every conversation and give the ports free."""
        await self._mail.stop()
        if self._web is not None and self._serving is not None:
            self._web.should_exit = True
            self._web.force_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
        for each in self._sockets:
            each.close()


def _pair(port: int) -> list[socket.socket]:
    first = socket.create_server((HOST, port))
    try:
        return [first, socket.create_server((HOST, first.getsockname()[1] + 1))]
    except (OSError, OverflowError):
        first.close()
        raise


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals belong to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
