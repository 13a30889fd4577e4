"""
How fast the console is in a real browser: what it weighs, when it shows, how it moves.

The browser is Chromium without a screen, driven by ``web/e2e/measure.mjs``; the server is ours with
as many series as the question says. Without Node, Chromium or a built console there are no rows and
a note says why.

The best of several turns is told, because whatever else the machine does only takes away. A frame's
own time is that of the page's thread on a core; what is seen adds how long it waited for one.
"""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.harness import Outcome, Row, Scale
from bench.startup import free_port

QUESTION = "Is the console there at once, and does it stay smooth with much to show?"

ROOT = Path(__file__).parent.parent
BUDGET = ROOT / "src" / "tapewatch" / "console" / "budget.json"
SCRIPT = ROOT / "web" / "e2e" / "measure.mjs"
SERIES = {Scale.TINY: 100, Scale.FULL: 10_000}
HOURS = {Scale.TINY: 1, Scale.FULL: 6}
REPEATS = {Scale.TINY: 1, Scale.FULL: 5}
STEP_S = 15
AHEAD_S = 900
"""How far the series go on, so that what is followed live still moves."""

LIMITS: dict[str, tuple[str, str, float | None, bool]] = {
    "first_paint_ms": ("Now: first paint, cold cache", "ms", 500, False),
    "interactive_ms": ("Now: interactive, cold cache", "ms", 800, False),
    "board_ms": ("dashboard of 20 panels: drawn", "ms", 1_000, False),
    "board_live_share": ("dashboard of 20 panels, live: share of a core", "%", 10, False),
    "pan_frames": ("100,000 points: panning", "frames/s", 50, True),
    "zoom_frames": ("100,000 points: zooming", "frames/s", 50, True),
    "table_ms": ("table of 20,000 rows: listed", "ms", 500, False),
    "table_frame_ms": ("table of 20,000 rows: scrolled, longest frame, own", "ms", 50, False),
    "table_seen_ms": ("table of 20,000 rows: scrolled, longest frame, seen", "ms", None, False),
    "alerts_ms": ("5,000 alerts: listed", "ms", 500, False),
    "alerts_frame_ms": ("5,000 alerts: scrolled, longest frame, own", "ms", 50, False),
    "alerts_seen_ms": ("5,000 alerts: scrolled, longest frame, seen", "ms", None, False),
}


def run(scale: Scale) -> Outcome:
    """Measure everything that can be measured here."""
    missing = _missing()
    if missing:
        return Outcome(list(_sizes()), [f"nothing was measured in a browser: {missing}"])
    with tempfile.TemporaryDirectory() as folder:
        told = _measure(Path(folder), scale)
    rows = [
        Row(name, told[key], unit, must=must, larger_is_better=larger)
        for key, (name, unit, must, larger) in LIMITS.items()
        if key in told
    ]
    assert told["board_panels"] == 20, told
    assert told["table_rows"] >= 20_000, told
    assert told["alerts_rows"] >= 5_000, told
    return Outcome([*_sizes(), *rows], told.get("notes", []))


def _missing() -> str:
    if shutil.which("node") is None:
        return "Node is not installed"
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return "Chromium is not installed"
    if not BUDGET.exists() or not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        return "the console is not built (make console)"
    return ""


def _sizes() -> Iterator[Row]:
    if not BUDGET.exists():
        yield Row("files that were built", 0, "files")
        return
    budget = json.loads(BUDGET.read_text())
    for name, key in (("packed, before the first paint", "first"), ("packed, in all", "all")):
        yield Row(name, budget[f"{key}Bytes"] / 1024, "KB", must=budget[f"{key}Max"] / 1024)


def _measure(folder: Path, scale: Scale) -> dict[str, Any]:
    end_s = int(time.time()) // STEP_S * STEP_S
    archive = folder / "series.om"
    _write_archive(archive, SERIES[scale], HOURS[scale], end_s)
    python = str(ROOT / ".venv" / "bin" / "python")
    base = [python if Path(python).exists() else "python3", "-m", "tapewatch"]
    data = ["--data", str(folder / "data")]
    subprocess.run([*base, "metrics", "import", str(archive), *data], check=True, stdout=-3)
    archive.unlink()
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*base, "up", "--listen", address, *data], stdout=-1, stderr=log)
    try:
        assert server.stdout is not None
        while b"stop" not in server.stdout.readline():
            assert server.poll() is None, (folder / "log").read_text()
        ran = subprocess.run(
            ["node", str(SCRIPT), f"http://{address}", str(HOURS[scale]), str(REPEATS[scale])],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _write_archive(path: Path, count: int, hours: int, end_s: int) -> None:
    """
    Write counters of a desk with ``count`` series: 20 metrics, each by venue and symbol.

    The series of a metric stand together, as every exporter writes them.
    """
    random = np.random.default_rng(7600)
    steps = (hours * 3600 + AHEAD_S) // STEP_S
    last_s = end_s + AHEAD_S
    times = [str(last_s - STEP_S * (steps - 1 - step)) for step in range(steps)]
    with path.open("w") as file:
        for number in range(count):
            metric, rest = divmod(number, count // 20)
            labels = f'venue="v{rest % 5}",symbol="S{rest // 5:03d}"'
            head = f"board_{metric:02d}_total{{{labels}}} "
            values = np.cumsum(random.poisson(40, steps)).tolist()
            lines = (f"{head}{v} {t}\n" for v, t in zip(values, times, strict=True))
            file.write("".join(lines))
        file.write("# EOF\n")
