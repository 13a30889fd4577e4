from pathlib import Path

from tests.agent.seen import one

from tapewatch.agent.desk import GAPS_KEPT, DeskReader
from tapewatch.sdk.events.formats import EventFormat

GAP = str(EventFormat("WARN", "feed", "{venue} {channel} {symbol}: {first} to {last} are missing"))
TRADER = """
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.kill_switch import KillSwitch
book = Feed("binance", "depth", "BTCUSDT", policy="U_u")
book.snapshot(160)
book.message(165, 161)
book.message(180, 170)
KillSwitch("desk").trip("risk", "daily loss limit")
KillSwitch("maker")
"""


def numbers(gaps):
    return [(each.first, each.last) for each in gaps]


def test_gaps_are_told_with_their_range_the_newest_first(make, regions):
    home = make()
    gap = home.region.format(GAP)
    home.ring.push(gap, "okx", "depth", "BTCUSDT", 9, 11)
    reader, path = DeskReader(), one(regions).process.path
    (first,) = reader.gaps(path)
    assert (first.venue, first.channel, first.symbol) == ("okx", "depth", "BTCUSDT")
    home.ring.push(gap, "okx", "depth", "BTCUSDT", 20, 20)
    assert numbers(reader.gaps(path)) == [(20, 20), (9, 11)]
    assert numbers(reader.gaps(path)) == [(20, 20), (9, 11)]


def test_other_events_are_no_gaps(make, regions):
    home = make()
    home.ring.push(home.region.format("WARN feed: {venue} is silent"), "okx")
    home.ring.push(home.region.format(GAP), "okx", "depth", "BTCUSDT", "nine", 11)
    home.ring.push(home.region.format(GAP), "okx")
    assert DeskReader().gaps(one(regions).process.path) == ()


def test_the_oldest_gaps_go_first(make, regions):
    home = make()
    gap = home.region.format(GAP)
    reader, path = DeskReader(), one(regions).process.path
    for number in range(GAPS_KEPT + 20):
        home.ring.push(gap, "okx", "depth", "BTCUSDT", number, number)
        reader.gaps(path)
    found = reader.gaps(path)
    assert len(found) == GAPS_KEPT
    assert found[0].first == GAPS_KEPT + 19


def test_a_region_that_is_gone_has_nothing_to_tell():
    reader = DeskReader()
    assert reader.gaps(Path("gone.region")) == ()
    assert reader.switches(Path("gone.region")) == ()


def test_a_real_process_tells_its_gaps_and_its_switches(start, regions):
    start(TRADER)
    path = one(regions).process.path
    reader = DeskReader()
    assert numbers(reader.gaps(path)) == [(166, 169)]
    desk, maker = sorted(reader.switches(path), key=lambda each: each.name)
    assert (desk.tripped, desk.reason.who, desk.reason.why) == (True, "risk", "daily loss limit")
    assert (maker.tripped, maker.reason.who) == (False, "")
    reader.keep([])
    assert numbers(reader.gaps(path)) == [(166, 169)]
