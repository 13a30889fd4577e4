"""A sample floor with an inbox and the server that watches it, on ports of their own."""

from contextlib import ExitStack, contextmanager

from bench.startup import free_port
from tests.running import Process

from tapewatch.drill.companions import Companion


@contextmanager
def sample_floor(folder, pack="hft"):
    """Serve a floor whose messages go to an inbox; yields the server's process."""
    regions = folder / "regions"
    regions.mkdir(parents=True, mode=0o700)
    floor_port, inbox_port = free_port(), free_port()
    surroundings = {"TAPEWATCH_REGION_FOLDER": str(regions), "TAPEWATCH_REGION_ON_DISK": "1"}
    with ExitStack() as stack:
        for words in (
            ("inbox", "--port", str(inbox_port)),
            ("floor", pack, "--seed", "7", "--port", str(floor_port)),
        ):
            # A companion ends with us, however we end.
            stack.callback(Companion(*words, environment=surroundings).stop)
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
