"""
``python -m tools.shots``: photograph every page of the console, in both themes.

A made-up desk with a past is served, and a sample floor on which something goes wrong; a browser
walks through their pages, and the pictures are left in ``docs/img/``. ``--serve`` only serves the
desk, for looking at it by hand. The floor wants the ports that its pack declares.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
FAULTS: Final = ("sequence_gap", "rate_limit", "order_rejections", "kill_switch")
WATCHED_SECONDS: Final = 60
"""How long faults are seen before they are photographed."""


def main(arguments: list[str]) -> int:
    """Serve the desk, and photograph it unless it is only to be served."""
    from tests.console.desk import Showcase

    node = shutil.which("node")
    with tempfile.TemporaryDirectory() as folder:
        desk = Showcase(Path(folder))
        try:
            if "--serve" in arguments:
                print(f"{desk.url}/  until Ctrl-C", flush=True)
                while True:
                    time.sleep(1)
            if node is None:
                print("no pictures: Node is not installed", file=sys.stderr)
                return 1
            time.sleep(8)  # A few readings of the targets, so that their curves begin.
            with sample_floor(Path(folder)) as floor_url:
                script = [node, str(ROOT / "web" / "e2e" / "shots.mjs"), desk.url, floor_url]
                only = [each for each in arguments if not each.startswith("-")]
                pictures = str(ROOT / "docs" / "img")
                return subprocess.run([*script, pictures, *only], check=False).returncode
        except KeyboardInterrupt:
            return 0
        finally:
            desk.stop()


@contextmanager
def sample_floor(folder: Path) -> Iterator[str]:
    """Serve a floor with a fault or two, whose messages go to an inbox."""
    from bench.startup import free_port
    from tests.running import Process

    place, floor_port, inbox_port = folder / "floor", free_port(), free_port()
    regions = place / "regions"
    regions.mkdir(parents=True, mode=0o700)
    surroundings = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TAPEWATCH_")},
        "TAPEWATCH_REGION_FOLDER": str(regions),
        "TAPEWATCH_REGION_ON_DISK": "1",
    }
    with ExitStack() as stack:
        for words in (
            ("inbox", "--port", str(inbox_port)),
            ("floor", "hft", "--seed", "7", "--port", str(floor_port)),
        ):
            companion = stack.enter_context(
                subprocess.Popen([sys.executable, "-m", "tapewatch", *words], env=surroundings)
            )
            stack.callback(companion.terminate)
        server = Process(
            place,
            *("--pack", "hft", "--inbox", f"http://127.0.0.1:{inbox_port}"),
            *("--set", f"server.floor=http://127.0.0.1:{floor_port}"),
            TAPEWATCH_REGIONS_ENABLED="true",
            TAPEWATCH_REGION_FOLDER=str(regions),
        )
        stack.callback(server.stop)
        time.sleep(WATCHED_SECONDS)  # The quiet before, so that what follows is seen to begin.
        for fault in FAULTS:
            server.get(f"/api/v1/drills/faults/{fault}?for=30m", method="POST")
        time.sleep(WATCHED_SECONDS)
        yield server.url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
