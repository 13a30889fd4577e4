"""
pyzmq: the messages of a socket, those that found its queue full, and its peers.

    socket = watched(context.socket(zmq.PUB), service="market_data")
    socket.send_multipart([b"trades", payload])

ZeroMQ tells nobody how long its queues are. What can be known is told instead: messages that were
refused because a queue was full, and, by ``peers`` (the socket's monitor), how many are connected.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.third_party import needed
from tapewatch.sdk.region.cells import GaugeHandle

_TOPIC_BYTES_MAX: Final = 64

TopicOf = Callable[[Sequence[Any]], str]


def first_frame(frames: Sequence[Any]) -> str:
    """The first frame of a message of several, which publishers use as its topic."""
    if len(frames) < 2:  # One frame is all content.
        return ""
    return bytes(frames[0])[:_TOPIC_BYTES_MAX].decode("utf-8", "replace")


class WatchedSocket:
    """A socket of ``zmq``; everything that is not counted goes to it as it is."""

    def __init__(self, socket: Any, service: str, topic_of: TopicOf) -> None:
        self._socket = socket
        self._service = service
        self._topic_of = topic_of
        self._again = needed("zmq", "zmq").Again

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def send(self, data: Any, *arguments: Any, **named: Any) -> Any:
        """Send one frame, and count it."""
        return self._sent(self._socket.send, data, [data], arguments, named)

    def send_multipart(self, frames: Sequence[Any], *arguments: Any, **named: Any) -> Any:
        """Send several frames, and count one message."""
        return self._sent(self._socket.send_multipart, frames, frames, arguments, named)

    def recv(self, *arguments: Any, **named: Any) -> Any:
        """Receive one frame, and count it."""
        data = self._socket.recv(*arguments, **named)
        self._count(metrics.ZMQ_RECEIVED, [data])
        return data

    def recv_multipart(self, *arguments: Any, **named: Any) -> Any:
        """Receive several frames, and count one message."""
        frames = self._socket.recv_multipart(*arguments, **named)
        self._count(metrics.ZMQ_RECEIVED, frames)
        return frames

    def _sent(self, send: Any, data: Any, frames: Sequence[Any], rest: Any, named: Any) -> Any:
        try:
            told = send(data, *rest, **named)
        except self._again:
            self._count(metrics.ZMQ_REFUSED, frames)
            raise
        self._count(metrics.ZMQ_PUBLISHED, frames)
        return told

    def _count(self, metric: Any, frames: Sequence[Any]) -> None:
        try:
            topic = self._topic_of(frames)
        except Exception:  # noqa: BLE001 - a topic that cannot be read must not stop a message
            topic = "unreadable"
        metric.labels(self._service, topic).inc()


def watched(socket: Any, *, service: str, topic_of: TopicOf = first_frame) -> Any:
    """Watch a blocking socket."""
    return WatchedSocket(socket, service, topic_of)


class Peers:
    """How many peers a socket has; call ``look`` from a timer, it does not wait."""

    def __init__(self, socket: Any, *, service: str, name: str) -> None:
        self._zmq = needed("zmq", "zmq")
        self._socket = socket
        self._events = socket.get_monitor_socket(
            self._zmq.EVENT_CONNECTED
            | self._zmq.EVENT_ACCEPTED
            | self._zmq.EVENT_DISCONNECTED
            | self._zmq.EVENT_CLOSED
        )
        self._parse = needed("zmq.utils.monitor", "zmq").recv_monitor_message
        self._peers: GaugeHandle = metrics.ZMQ_PEERS.bind(service=service, socket=name)

    def look(self) -> None:
        """Take in what happened since the last look."""
        joined = (self._zmq.EVENT_CONNECTED, self._zmq.EVENT_ACCEPTED)
        while self._events.poll(0):
            event = self._parse(self._events)["event"]
            self._peers.inc() if event in joined else self._peers.dec()

    def close(self) -> None:
        """Look no more; before the socket is closed."""
        self._socket.disable_monitor()
        self._events.close()
