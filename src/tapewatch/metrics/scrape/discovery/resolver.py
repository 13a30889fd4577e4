"""
A small DNS client: the records that discovery reads, and no more.

Questions go to the servers of ``/etc/resolv.conf`` over UDP, and again over TCP where an answer did
not fit. Names are tried along the search path as any resolver does.
"""

import asyncio
import ipaddress
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from tapewatch.metrics.scrape.errors import LookupFailed

RESOLV_CONF: Final = Path("/etc/resolv.conf")
PORT: Final = 53

_UDP_SIZE_MAX: Final = 4096
_POINTER_HOPS_MAX: Final = 64
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!2HIH")
_RECURSION: Final = 0x0100
_TRUNCATED: Final = 0x0200


class RecordType(IntEnum):
    """The record types that can be asked for."""

    A = 1
    NS = 2
    MX = 15
    AAAA = 28
    SRV = 33


class ResponseCode(IntEnum):
    """The answers of a server that need telling apart."""

    GOOD = 0
    NO_SUCH_NAME = 3


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``target`` is a name (with its last dot) or an address."""

    target: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """Whom to ask, and how."""

    servers: tuple[tuple[str, int], ...] = (("127.0.0.1", PORT),)
    search: tuple[str, ...] = ()
    dots_min: int = 1
    timeout_seconds: float = 5.0
    attempts: int = 2

    @classmethod
    def from_text(cls, text: str) -> "ResolverSettings":
        """Read the text of a ``resolv.conf``."""
        servers: list[tuple[str, int]] = []
        search: tuple[str, ...] = ()
        options: dict[str, int] = {}
        for line in text.splitlines():
            keyword, *words = line.split("#")[0].split(";")[0].split() or [""]
            if keyword == "nameserver" and words:
                servers.append((words[0], PORT))
            elif keyword in ("search", "domain"):
                search = tuple(word.rstrip(".") for word in words)
            elif keyword == "options":
                options |= dict(_numbered(words))
        return cls(
            tuple(servers) or cls().servers,
            search,
            options.get("ndots", 1),
            float(options.get("timeout", 5)),
            max(options.get("attempts", 2), 1),
        )

    def names(self, name: str) -> list[str]:
        """Return the full names to try for ``name``, in order."""
        if name.endswith("."):
            return [name]
        with_search = [f"{name}.{domain}." for domain in self.search]
        if name.count(".") >= self.dots_min:
            return [f"{name}.", *with_search]
        return [*with_search, f"{name}."]


class Resolver:
    """Asks the servers one after the other."""

    def __init__(self, settings: ResolverSettings | None = None) -> None:
        self._settings = settings

    async def lookup(self, name: str, kind: RecordType) -> list[Record]:
        """Return the records of a name; none where it does not exist. Raises ``LookupFailed``."""
        settings = self._settings or _system_settings()
        fault: LookupFailed | None = None
        for full in settings.names(name):
            try:
                records = await _ask_all(settings, full, kind)
            except LookupFailed as failure:
                fault = failure
                continue
            if records:
                return records
        if fault is not None:
            raise fault
        return []


def _system_settings() -> ResolverSettings:
    try:
        return ResolverSettings.from_text(RESOLV_CONF.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ResolverSettings()


def _numbered(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    for word in words:
        name, _, number = word.partition(":")
        if number.isdigit():
            yield name, int(number)


async def _ask_all(settings: ResolverSettings, name: str, kind: RecordType) -> list[Record]:
    reason = "no server is known"
    for _ in range(settings.attempts):
        for server in settings.servers:
            try:
                async with asyncio.timeout(settings.timeout_seconds):
                    return await _ask(server, name, kind)
            except TimeoutError:
                reason = f"{server[0]} did not answer within {settings.timeout_seconds:g} s"
            except (OSError, LookupFailed) as fault:
                reason = f"{server[0]}: {fault}"
    raise LookupFailed(f"{kind.name} records of {name} cannot be looked up: {reason}")


async def _ask(server: tuple[str, int], name: str, kind: RecordType) -> list[Record]:
    number = secrets.randbelow(0x1_0000)
    question = _question(number, name, kind)
    answer = await _over_udp(server, question)
    if _HEADER.unpack_from(answer)[1] & _TRUNCATED:
        answer = await _over_tcp(server, question)
    return read_answer(answer, number, kind)


class _Datagram(asyncio.DatagramProtocol):
    def __init__(self, number: bytes) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._number = number

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # the socket is connected to one server
        if len(data) >= _HEADER.size and data[:2] == self._number and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(server: tuple[str, int], question: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagram(question[:2]), remote_addr=server
    )
    try:
        transport.sendto(question)
        return await protocol.answer
    finally:
        transport.close()


async def _over_tcp(server: tuple[str, int], question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack("!H", len(question)) + question)
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        raise LookupFailed("the answer ends too early") from None
    finally:
        writer.close()


def _question(number: int, name: str, kind: RecordType) -> bytes:
    encoded = b"".join(_label(part) for part in name.rstrip(".").split(".") if part) + b"\0"
    asked = encoded + struct.pack("!2H", kind, 1)
    # The last record says that long answers over UDP are welcome (EDNS0).
    extension = b"\0" + _RECORD.pack(41, _UDP_SIZE_MAX, 0, 0)
    return _HEADER.pack(number, _RECURSION, 1, 0, 0, 1) + asked + extension


def _label(part: str) -> bytes:
    encoded = part.encode("ascii") if part.isascii() else part.encode("idna")
    if len(encoded) > 63:
        raise LookupFailed(f"{part!r} is longer than 63 letters")
    return bytes([len(encoded)]) + encoded


def read_answer(answer: bytes, number: int, kind: RecordType) -> list[Record]:
    """Read the records of one kind from a message; other kinds (CNAME) are passed over."""
    try:
        found, flags, questions, records, _, _ = _HEADER.unpack_from(answer)
        if found != number:
            raise LookupFailed("the answer belongs to another question")
        code = flags & 0xF
        if code == ResponseCode.NO_SUCH_NAME:
            return []
        if code != ResponseCode.GOOD:
            raise LookupFailed(f"the server refused with code {code}")
        return list(_records(answer, questions, records, kind))
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        raise LookupFailed("the answer cannot be read") from None


def _records(answer: bytes, questions: int, count: int, kind: RecordType) -> Iterator[Record]:
    at = _HEADER.size
    for _ in range(questions):
        at = _name(answer, at)[1] + 4
    for _ in range(count):
        at = _name(answer, at)[1]
        found, _, _, size = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        if found == kind:
            yield _record(answer, at, size, kind)
        at += size


def _record(answer: bytes, at: int, size: int, kind: RecordType) -> Record:
    if kind in (RecordType.A, RecordType.AAAA):
        return Record(str(ipaddress.ip_address(answer[at : at + size])))
    if kind is RecordType.SRV:
        (port,) = struct.unpack_from("!H", answer, at + 4)
        return Record(_name(answer, at + 6)[0], port)
    return Record(_name(answer, at + 2 if kind is RecordType.MX else at)[0])


def _name(answer: bytes, at: int) -> tuple[str, int]:
    # Returns the name at a place, and where what follows it begins.
    parts: list[str] = []
    after = 0
    for _ in range(_POINTER_HOPS_MAX + 128):
        size = answer[at]
        if size & 0xC0 == 0xC0:
            after = after or at + 2
            at = (size & 0x3F) << 8 | answer[at + 1]
        elif size:
            parts.append(answer[at + 1 : at + 1 + size].decode("ascii"))
            at += 1 + size
        else:
            return ".".join(parts) + ".", after or at + 1
    raise LookupFailed("a name in the answer points to itself")
