import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.zmq import Peers, watched

zmq = pytest.importorskip("zmq", reason="pyzmq is not installed")


@pytest.fixture
def opened():
    """Open sockets that are closed when the test is over."""
    context = zmq.Context()
    sockets = []

    def make(kind):
        sockets.append(context.socket(kind))
        return sockets[-1]

    yield make
    for socket in sockets:
        socket.close(linger=0)
    context.term()


def test_messages_are_counted_by_topic(opened, counted):
    publisher = watched(opened(zmq.PUSH), service="zmq-a")
    reader = watched(opened(zmq.PULL), service="zmq-b")
    port = publisher.bind_to_random_port("tcp://127.0.0.1")
    reader.connect(f"tcp://127.0.0.1:{port}")
    publisher.send_multipart([b"trades", b"1"])
    publisher.send_multipart([b"quotes", b"2"])
    publisher.send(b"alone")
    assert reader.recv_multipart() == [b"trades", b"1"]
    assert reader.recv_multipart() == [b"quotes", b"2"]
    assert reader.recv() == b"alone"
    expected = {("trades",): 1, ("quotes",): 1, ("",): 1}
    assert counted(metrics.ZMQ_PUBLISHED, "zmq-a") == expected
    assert counted(metrics.ZMQ_RECEIVED, "zmq-b") == expected


def test_a_full_queue_is_told(opened, counted):
    publisher = watched(opened(zmq.PUSH), service="zmq-c", topic_of=lambda frames: 1 / 0)
    with pytest.raises(zmq.Again):
        publisher.send(b"x", zmq.NOBLOCK)
    assert counted(metrics.ZMQ_REFUSED, "zmq-c") == {("unreadable",): 1}


def test_peers_are_counted_from_the_monitor(opened, counted):
    server = opened(zmq.PUSH)
    peers = Peers(server, service="zmq-d", name="out")
    port = server.bind_to_random_port("tcp://127.0.0.1")
    client = opened(zmq.PULL)
    client.connect(f"tcp://127.0.0.1:{port}")
    server.send(b"x")
    assert client.recv() == b"x"
    peers.look()
    assert counted(metrics.ZMQ_PEERS, "zmq-d") == {("out",): 1}
    client.close()
    assert peers._events.poll(5000)
    peers.look()
    assert counted(metrics.ZMQ_PEERS, "zmq-d") == {("out",): 0}
    peers.close()
