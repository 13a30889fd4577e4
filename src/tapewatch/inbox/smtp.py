"""
A server for mail that takes everything from this machine and delivers nothing.

It speaks the few verbs of RFC 5321 that senders use, without TLS and without authentication.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from tapewatch.version import VERSION

MAIL_MAX_BYTES: Final = 10 * 1024 * 1024
LINE_MAX_BYTES: Final = 64 * 1024
IDLE_SECONDS: Final = 60.0
SESSIONS_MAX: Final = 64

Take = Callable[[bytes, tuple[str, ...], str], None]
"""Gets a mail as it came, to whom it goes, and the name under which its sender greeted."""

_ADDRESS: Final = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)


class MailServer:
    """Listens for mail."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket) -> None:
        """Listen at a socket that is bound."""
        self._server = await asyncio.start_server(
            self._answer, sock=listening, limit=LINE_MAX_BYTES
        )

    async def stop(self) -> None:
        """Stop listening, and end what is under way."""
        if self._server is not None:
            self._server.close()
        for session in list(self._sessions):
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)
        try:
            if len(self._sessions) > SESSIONS_MAX:
                writer.write(b"421 too many connections\r\n")
            else:
                await _Session(reader, writer, self._take).run()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # Whoever sent nothing, or a line without end, has left or is left.
        except asyncio.CancelledError:
            pass  # The inbox closes.
        finally:
            writer.close()


class _Session:
    """One conversation with a sender."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Take
    ) -> None:
        self._reader, self._writer, self._take = reader, writer, take
        self._from: str | None = None
        self._to: list[str] = []
        self._greeted = ""
        self._open = True

    async def run(self) -> None:
        """Answer every line until the sender has enough."""
        await self._say(220, f"tapewatch-inbox ESMTP {VERSION}")
        while self._open:
            line = (await self._line()).decode("utf-8", "replace").strip()
            verb, _, rest = line.partition(" ")
            await self._verbs().get(verb.upper(), self._unknown)(rest)

    def _verbs(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        return {
            "EHLO": self._ehlo,
            "HELO": self._fine,
            "MAIL": self._mail,
            "RCPT": self._recipient,
            "DATA": self._data,
            "RSET": self._reset,
            "NOOP": self._fine,
            "QUIT": self._quit,
        }

    async def _ehlo(self, rest: str) -> None:
        self._greeted = rest
        await self._write(f"250-tapewatch-inbox\r\n250-SIZE {MAIL_MAX_BYTES}\r\n250 8BITMIME\r\n")

    async def _fine(self, _rest: str) -> None:
        await self._say(250, "fine")

    async def _unknown(self, _rest: str) -> None:
        await self._say(502, "not known here")

    async def _mail(self, rest: str) -> None:
        found = _ADDRESS.match(rest)
        if found is None:
            await self._say(501, "write MAIL FROM:<address>")
            return
        self._from, self._to = found[1], []
        await self._say(250, "fine")

    async def _recipient(self, rest: str) -> None:
        found = _ADDRESS.match(rest)
        if self._from is None or found is None:
            await self._say(503 if self._from is None else 501, "write RCPT TO:<address>")
            return
        self._to.append(found[1])
        await self._say(250, "fine")

    async def _data(self, _rest: str) -> None:
        if not self._to:
            await self._say(503, "nobody is to get it")
            return
        await self._say(354, "go on")
        content = await self._content()
        if content is None:
            await self._say(552, f"larger than {MAIL_MAX_BYTES} bytes")
        else:
            self._take(content, tuple(self._to), self._greeted)
            await self._say(250, "kept")
        self._from, self._to = None, []

    async def _content(self) -> bytes | None:
        """Read until the line with a dot; None where it was too large to be kept."""
        lines, size = [], 0
        while (line := await self._line()) not in (b".\r\n", b".\n"):
            size += len(line)
            if size <= MAIL_MAX_BYTES:
                lines.append(line.removeprefix(b"."))
        return b"".join(lines) if size <= MAIL_MAX_BYTES else None

    async def _reset(self, _rest: str) -> None:
        self._from, self._to = None, []
        await self._say(250, "fine")

    async def _quit(self, _rest: str) -> None:
        self._open = False
        await self._say(221, "bye")

    async def _line(self) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            line = await self._reader.readline()
        if not line:
            raise ConnectionResetError
        return line

    async def _say(self, code: int, words: str) -> None:
        await self._write(f"{code} {words}\r\n")

    async def _write(self, text: str) -> None:
        self._writer.write(text.encode())
        await self._writer.drain()
