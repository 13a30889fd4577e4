"""A running process and somebody outside: switches, events and spans through a real region."""

import subprocess
import sys
from pathlib import Path

import pytest

from tapewatch.sdk.errors import RegionUnreadable
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.region.reader import Reader, Standing
from tapewatch.sdk.region.ring import read_events
from tapewatch.sdk.tracing.recorded import span_of
from tapewatch.sdk.trading.switchboard import arm, switches, trip

TRADER = """
import sys
from tapewatch import sdk
from tapewatch.sdk.tracing import Operation
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.kill_switch import KillSwitch

sdk.start("trader", folder=sys.argv[1], on_disk=True)
switch = KillSwitch("desk")
feed = Feed("binance", "trades", "BTCUSDT")
for number in (1, 2, 5):
    feed.message(number)
with Operation("submit_order")(order_id="a1"):
    pass
print(sdk.status().path, flush=True)
for line in sys.stdin:
    reason = switch.reason
    print(switch.tripped, reason.who, reason.why, sep="|", flush=True)
"""


@pytest.fixture
def trader(tmp_path):
    folder = tmp_path / "regions"
    folder.mkdir(mode=0o700)
    process = subprocess.Popen(
        [sys.executable, "-c", TRADER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={},
    )
    with process:
        process.path = Path(process.stdout.readline().strip())
        yield process
        process.stdin.close()


def asked(process):
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_a_switch_is_tripped_from_outside_and_armed_again(trader):
    assert asked(trader) == "False||"
    assert trip(trader.path, "desk", who="alerting", why="MaxDailyLoss") is Standing.QUIET
    assert asked(trader) == "True|alerting|MaxDailyLoss"
    (seen,) = switches(trader.path)
    assert (seen.name, seen.tripped, seen.reason.why) == ("desk", True, "MaxDailyLoss")
    arm(trader.path, "desk", who="alice", why="x" * 500)
    assert asked(trader) == f"False|alice|{'x' * 100}"


def test_a_switch_that_is_not_there_is_named_with_those_that_are(trader):
    with pytest.raises(RegionUnreadable, match="no switch 'risk'; its switches are desk"):
        trip(trader.path, "risk", who="alice", why="test")


def test_what_is_missing_in_a_feed_is_told_by_the_ring(trader):
    with Reader(trader.path) as reader:
        formats = reader.snapshot().directory.formats
        told = read_events(*reader.ring()).events
    lines = [EventFormat.parse(formats[each.format]).message(each.arguments) for each in told]
    assert lines[0] == "binance trades BTCUSDT: 3 to 4 are missing"


def test_a_span_is_read_back_from_the_ring(trader):
    with Reader(trader.path) as reader:
        formats = reader.snapshot().directory.formats
        event = read_events(*reader.ring()).events[-1]
        head = reader.head()
    end_ns = head.realtime_ns(event.monotonic_ns)
    span = span_of(formats[event.format], event.arguments, end_ns)
    assert (span.name, span.attributes) == ("submit_order", {"order_id": "a1"})
    assert span.end_ns == end_ns
