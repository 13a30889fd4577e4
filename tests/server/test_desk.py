"""What the console's page of the desk asks beside series."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tapewatch.sdk.region.file import SHARED_MEMORY

TRADER = """
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.kill_switch import KillSwitch
for venue in ("binance", "okx"):
    book = Feed(venue, "depth", "BTCUSDT")
    book.message(7)
    book.message(10)
KillSwitch("maker")
KillSwitch("desk").trip("risk", "daily loss limit")
print("ready", flush=True)
import time; time.sleep(600)
"""


@pytest.fixture
def folder():
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def trader(folder):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
    told = {
        "TAPEWATCH_SERVICE": "trader",
        "TAPEWATCH_INSTANCE": "one",
        "TAPEWATCH_REGION_FOLDER": str(folder),
        "TAPEWATCH_REGION_ON_DISK": "1",
    }
    command = [sys.executable, "-c", TRADER]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**clean, **told})
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def server(up, folder, trader):
    return up(
        TAPEWATCH_REGIONS_ENABLED="true",
        TAPEWATCH_REGIONS_FOLDERS=json.dumps([str(folder)]),
    )


def ask(server, path):
    status, _, body = server.get(f"/api/v1/desk/{path}")
    assert status == 200, body
    return json.loads(body)["data"]


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_gaps_and_switches_of_a_process_are_told_with_who_tells_them(server):
    found = eventually(lambda: ask(server, "gaps")["gaps"])
    assert {(each["venue"], each["first"], each["last"]) for each in found} == {
        ("binance", 8, 9),
        ("okx", 8, 9),
    }
    (one,) = ask(server, "gaps?venue=okx")["gaps"]
    assert (one["channel"], one["symbol"]) == ("depth", "BTCUSDT")
    assert (one["service"], one["instance"]) == ("trader", "one")
    desk, maker = ask(server, "switches")["switches"]
    assert (desk["switch"], desk["who"], desk["why"]) == ("desk", "risk", "daily loss limit")
    assert (maker["tripped"], maker["at"]) == (False, None)


def test_calendars_tell_when_they_are_open_around_a_time(up):
    server = up("--set", "watch.calendars=[XNYS]")
    (told,) = ask(server, "calendars?time=2025-11-28T15:00:00Z")["calendars"]
    assert (told["calendar"], told["zone"]) == ("XNYS", "America/New_York")
    assert told["open"]
    assert told["half_day"]
    assert told["changes"] == "2025-11-28T18:00:00Z"
    assert ["2025-11-28T14:30:00Z", "2025-11-28T18:00:00Z"] in told["spans"]


def test_nobody_on_this_host_is_an_empty_answer(up):
    server = up()
    assert ask(server, "gaps") == {"gaps": []}
    assert ask(server, "switches") == {"switches": []}
    assert ask(server, "calendars") == {"calendars": []}
