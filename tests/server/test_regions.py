"""A server that reads the regions of its own host: real processes, and their deaths."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tapewatch.sdk.region.file import SHARED_MEMORY

DESK = """
import signal
import time
from tapewatch.sdk import *
orders = Counter("orders_total", "Orders sent", labels=("venue",))
sent, gone = orders.bind(venue="okx"), orders.bind(venue="gone")
took = Histogram("took_us", "Time", unit="us", cuts=(10, 100)).bind()
signal.signal(signal.SIGUSR1, lambda *_: orders.remove(venue="gone"))
promise(0.2)
print("ready", flush=True)
for number in range(10**6):
    sent.inc(); took.observe(50.0, bytes(range(24)))
    beat()
    time.sleep(0.01)
"""


@pytest.fixture
def folder():
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def desk(folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
    told = {
        "TAPEWATCH_SERVICE": "desk",
        "TAPEWATCH_INSTANCE": "one",
        "TAPEWATCH_REGION_FOLDER": str(folder),
        "TAPEWATCH_REGION_ON_DISK": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", DESK], stdout=subprocess.PIPE, env={**environment, **told}
    )
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def reading(up, folder):
    return lambda *arguments: up(
        *arguments,
        TAPEWATCH_REGIONS_ENABLED="true",
        TAPEWATCH_REGIONS_FOLDERS=json.dumps([str(folder)]),
        TAPEWATCH_REGIONS_EVERY="50ms",
    )


def ask(server, query):
    _, _, body = server.get(f"/api/v1/query?query={quote(query)}")
    return [each["value"][1] for each in json.loads(body)["data"]["result"]]


def regions(server):
    _, _, body = server.get("/api/v1/regions")
    return json.loads(body)["data"]["regions"]


def eventually(check, seconds=20):
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_numbers_histograms_and_metadata_arrive(reading, desk):
    server = reading()
    assert eventually(lambda: ask(server, 'orders_total{service="desk",instance="one"} > 5'))
    assert ask(server, "region_up") == ["1"]
    assert ask(server, 'region_state{region_state="live"}') == ["1"]
    assert eventually(lambda: ask(server, "time() - region_heartbeat_timestamp_seconds < 5"))
    assert float(ask(server, "histogram_quantile(0.5, took_us)")[0]) == pytest.approx(50, rel=0.1)
    assert ask(server, 'took_us_bucket{le="10.0"}') == ["0"]
    _, _, body = server.get("/api/v1/metadata?metric=orders_total")
    (told,) = json.loads(body)["data"]["orders_total"]
    assert told == {"type": "counter", "help": "Orders sent", "unit": ""}
    assert eventually(lambda: ask(server, "count_over_time(orders_total[1s]) > 10"))


def test_exemplars_lead_to_the_trace(reading, desk):
    server = reading()

    def exemplars():
        now = time.time()
        place = f"/api/v1/query_exemplars?query=took_us&start={now - 60}&end={now + 60}"
        return json.loads(server.get(place)[2])["data"]

    found = eventually(exemplars)
    assert found[0]["exemplars"][0]["labels"]["trace_id"] == bytes(range(16)).hex()


def test_a_series_that_was_removed_goes_stale(reading, desk):
    server = reading()
    assert eventually(lambda: ask(server, 'orders_total{venue="gone"}'))
    desk.send_signal(signal.SIGUSR1)
    assert eventually(lambda: not ask(server, 'orders_total{venue="gone"}'))
    assert ask(server, 'orders_total{venue="okx"}')


def test_a_process_that_dies_is_told_and_its_last_state_is_kept(reading, desk):
    server = reading()
    assert eventually(lambda: ask(server, "orders_total"))
    desk.kill()
    desk.wait()
    assert eventually(lambda: ask(server, "region_up == 0"))
    assert ask(server, 'region_state{region_state="dead"}') == ["1"]
    assert ask(server, "orders_total") == []
    assert regions(server)[0]["state"] == "dead"
    (kept,) = (server.data / "regions").glob("*.region")
    assert kept.stat().st_size == os.stat(regions(server)[0]["path"]).st_size


def test_a_server_that_starts_again_goes_on(reading, desk):
    server = reading()
    assert eventually(lambda: ask(server, 'orders_total{venue="okx"} > 5'))
    before = float(ask(server, 'orders_total{venue="okx"}')[0])
    assert server.stop() == 0
    server = reading()
    assert eventually(lambda: ask(server, f'orders_total{{venue="okx"}} > {before + 50}'))
    assert ask(server, 'resets(orders_total{venue="okx"}[1m])') == ["0"]
    assert ask(server, "resets(region_up[1m]) + changes(region_up[1m])") == ["0"]


def test_reading_can_be_switched_off_while_the_server_runs(up, desk, folder, tmp_path):
    config = tmp_path / "desk.yaml"
    config.write_text(f"regions: {{enabled: true, every: 50ms, folders: ['{folder}']}}")
    server = up("--config", str(config), TAPEWATCH_REGIONS_ENABLED="true")
    assert eventually(lambda: ask(server, "orders_total"))
    (seen,) = regions(server)
    assert (seen["service"], seen["pid"], seen["up"]) == ("desk", desk.pid, True)
    config.write_text(f"regions: {{folders: ['{folder / 'nowhere'}']}}")
    assert server.get("/-/reload", method="POST")[0] == 200
    desk.kill()
    desk.wait()
    assert eventually(lambda: not ask(server, "orders_total"))


def test_what_is_no_region_ends_nothing(reading, desk, folder):
    (folder / "bad.region").write_bytes(b"TAPEWTCH" + os.urandom(8192))
    server = reading()
    assert eventually(lambda: ask(server, "orders_total"))
    (bad,) = [each for each in regions(server) if each["state"] == "unreadable"]
    assert "version" in bad["fault"]
