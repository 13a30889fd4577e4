"""
``python -m tools.shots``: photograph every page of the console, in both themes.

A made-up desk with a past is served, and a sample floor on which something goes wrong; a browser
walks through their pages, and the pictures are left in ``docs/img/``. ``--serve`` only serves the
desk, for looking at it by hand. The floor wants the ports that its pack declares.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    from tests.console.floor import NoFloor

    node = shutil.which("node")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # What was begun here ends with us.
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
            with disturbed_floor(Path(folder) / "floor") as floor_url:
                script = [node, str(ROOT / "web" / "e2e" / "shots.mjs"), desk.url, floor_url]
                only = [each for each in arguments if not each.startswith("-")]
                pictures = str(ROOT / "docs" / "img")
                return subprocess.run([*script, pictures, *only], check=False).returncode
        except KeyboardInterrupt:
            return 0
        except NoFloor as fault:
            print(f"no pictures, because a floor is open already: {fault}", file=sys.stderr)
            return 1
        finally:
            desk.stop()


@contextmanager
def disturbed_floor(folder: Path) -> Iterator[str]:
    """Serve a floor on which something goes wrong."""
    from tests.console.floor import sample_floor

    with sample_floor(folder) as server:
        time.sleep(WATCHED_SECONDS)  # The quiet before, so that what follows is seen to begin.
        for fault in FAULTS:
            server.get(f"/api/v1/drills/faults/{fault}?for=30m", method="POST")
        time.sleep(WATCHED_SECONDS)
        yield server.url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
