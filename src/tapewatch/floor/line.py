"""
How the desk and a service in a process of its own talk: frames of JSON, there and back.

Frames go over ZeroMQ where that is installed, and else over a stream; nothing but this file knows
which. The address says it: ``zmq:PATH`` or ``stream:PATH``, and the path is a Unix socket.
"""

import importlib.util
import json
import socket
import struct
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

HEAD: Final = struct.Struct("!I")
SEND_S: Final = 10.0
FRAME_BYTES_MAX: Final = 1 << 28


class Line(ABC):
    """One end of the talk between two processes."""

    @abstractmethod
    def send(self, told: dict[str, Any]) -> None:
        """Send a frame."""

    @abstractmethod
    def receive(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Wait for a frame; None when the time is over or nobody is there any more."""

    @abstractmethod
    def close(self) -> None:
        """End the talk."""


class StreamLine(Line):
    """A talk over a Unix socket; whoever listens accepts when it first wants to hear something."""

    def __init__(self, path: Path, *, listens: bool) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._listening: socket.socket | None = None
        if listens:
            self._listening = self._socket
            self._listening.bind(str(path))
            self._listening.listen(1)
        else:
            self._socket.connect(str(path))

    def _accept(self, timeout_s: float | None) -> None:
        if self._listening is not None:
            self._listening.settimeout(timeout_s)
            self._socket, _ = self._listening.accept()
            self._listening.close()
            self._listening = None

    def send(self, told: dict[str, Any]) -> None:
        """Send a frame."""
        self._accept(SEND_S)
        data = json.dumps(told).encode()
        self._socket.settimeout(5.0)
        self._socket.sendall(HEAD.pack(len(data)) + data)

    def receive(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Wait for a frame; None when the time is over or nobody is there any more."""
        self._accept(timeout_s)
        self._socket.settimeout(timeout_s)
        try:
            (size_bytes,) = HEAD.unpack(self._read(HEAD.size))
            told: dict[str, Any] = json.loads(self._read(min(size_bytes, FRAME_BYTES_MAX)))
        except (TimeoutError, EOFError):
            return None
        return told

    def _read(self, size_bytes: int) -> bytes:
        parts: list[bytes] = []
        while size_bytes:
            part = self._socket.recv(min(size_bytes, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size_bytes -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """End the talk."""
        self._socket.close()


class ZmqLine(Line):
    """A talk over a pair of ZeroMQ sockets."""

    def __init__(self, path: Path, *, listens: bool) -> None:
        import zmq

        self._zmq = zmq
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDTIMEO, round(SEND_S * 1000))
        address = f"ipc://{path}"
        if listens:
            self._socket.bind(address)
        else:
            self._socket.connect(address)

    def send(self, told: dict[str, Any]) -> None:
        """Send a frame."""
        try:
            self._socket.send(json.dumps(told).encode())
        except self._zmq.Again:
            raise TimeoutError("nobody is at the other end of the line") from None

    def receive(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Wait for a frame; None when the time is over."""
        timeout_ms = None if timeout_s is None else round(timeout_s * 1000)
        if not self._socket.poll(timeout_ms):
            return None
        told: dict[str, Any] = json.loads(self._socket.recv())
        return told

    def close(self) -> None:
        """End the talk."""
        self._socket.close()
        self._context.term()


KINDS: Final[dict[str, type[StreamLine] | type[ZmqLine]]] = {"stream": StreamLine, "zmq": ZmqLine}


def best_kind() -> str:
    """Name the kind to take: ZeroMQ where it is installed."""
    return "zmq" if importlib.util.find_spec("zmq") else "stream"


def open_line(address: str, *, listens: bool) -> Line:
    """Open one end of a talk."""
    kind, _, path = address.partition(":")
    return KINDS[kind](Path(path), listens=listens)
