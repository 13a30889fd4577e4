"""A sample floor with an inbox and the server that watches it."""

import socket
import threading
from contextlib import ExitStack, contextmanager

from bench.startup import free_port
from tests.running import Process

from tapewatch.drill.companions import Companion


class NoFloor(RuntimeError):
    """The floor cannot open; its services want the ports that their pack declares."""


@contextmanager
def sample_floor(folder, pack="hft"):
    """Serve a floor whose messages go to an inbox; yields the server's process."""
    regions = folder / "regions"
    regions.mkdir(parents=True, mode=0o700)
    floor_port, inbox_port = free_port(), free_port()
    surroundings = {"TAPEWATCH_REGION_FOLDER": str(regions), "TAPEWATCH_REGION_ON_DISK": "1"}
    with ExitStack() as stack:

        def begin(*words):
            # A companion ends with us, however we end.
            companion = Companion(*words, environment=surroundings)
            stack.callback(companion.stop)
            return companion

        begin("inbox", "--port", str(inbox_port))
        floor = begin("floor", pack, "--seed", "7", "--port", str(floor_port))
        await_floor(floor, floor_port)
        server = Process(
            folder,
            *("--pack", pack, "--inbox", f"http://127.0.0.1:{inbox_port}"),
            *("--set", f"server.floor=http://127.0.0.1:{floor_port}"),
            TAPEWATCH_REGIONS_ENABLED="true",
            TAPEWATCH_REGION_FOLDER=str(regions),
        )
        stack.callback(server._log.close)
        stack.callback(server.stop)
        yield server


def await_floor(floor, port):
    """Wait until a floor answers; raises ``NoFloor`` with its last words when it ends instead."""
    gone = threading.Event()
    floor.on_death(lambda _: gone.set())
    while not gone.is_set():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            gone.wait(0.2)
    raise NoFloor(" ".join(floor.said))
