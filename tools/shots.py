"""
``python -m tools.shots``: photograph every page of the console, in both themes.

A made-up desk with a past is served, a browser walks through its pages, and the pictures are left
in ``docs/img/``. ``--serve`` only serves the desk, for looking at it by hand.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


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
            script = [node, str(ROOT / "web" / "e2e" / "shots.mjs"), desk.url]
            return subprocess.run([*script, str(ROOT / "docs" / "img")], check=False).returncode
        except KeyboardInterrupt:
            return 0
        finally:
            desk.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
