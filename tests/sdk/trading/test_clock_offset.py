"""Clock offsets, from reports as chrony and linuxptp print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.clock_offset import ClockOffset, read_chrony, read_ptp

TRACKING = """\
Reference ID    : CB00710F (ntp1.example.net)
Stratum         : 3
Ref time (UTC)  : Fri Jan 27 09:49:17 2017
System time     : 0.000006523 seconds slow of NTP time
Last offset     : -0.000006747 seconds
RMS offset      : 0.000035822 seconds
Frequency       : 3.225 ppm slow
Residual freq   : -0.000 ppm
Skew            : 0.129 ppm
Root delay      : 0.013639022 seconds
Root dispersion : 0.001100737 seconds
Update interval : 64.2 seconds
Leap status     : Normal
"""
COLUMNS = (
    "CB00710F,203.0.113.15,3,1485510557.123456789,0.000006523,-0.000006747,0.000035822,"
    "-3.225,-0.000,0.129,0.013639022,0.001100737,64.2,Normal\n"
)


@pytest.mark.parametrize("report", [TRACKING, COLUMNS], ids=["words", "columns"])
def test_chrony_tells_offset_and_bound(report):
    offset = read_chrony(report)
    assert offset.offset_s == pytest.approx(-0.000006523)
    assert offset.bound_s == pytest.approx(0.001100737 + 0.013639022 / 2)
    assert offset.synchronised


def test_a_clock_that_is_fast_is_above_zero():
    assert read_chrony(TRACKING.replace("slow of", "fast of")).offset_s > 0


def test_chrony_tells_that_it_follows_nobody():
    report = TRACKING.replace(": Normal", ": Not synchronised")
    assert not read_chrony(report).synchronised
    assert not read_chrony(COLUMNS.replace("Normal", "Not synchronised")).synchronised


def test_ptp_tells_offset_state_and_path():
    line = "ptp4l[5374018.735]: master offset         -12 s2 freq   -4321 path delay       480"
    offset = read_ptp(line)
    assert offset.offset_s == pytest.approx(-12e-9)
    assert offset.bound_s == pytest.approx(240e-9)
    assert offset.synchronised
    assert not read_ptp(line.replace("s2", "s1")).synchronised


def test_the_management_client_tells_the_same():
    answer = "CURRENT_DATA_SET\n  stepsRemoved  1\n  offsetFromMaster  37.0\n  meanPathDelay  512.0"
    offset = read_ptp(answer)
    assert (offset.offset_s, offset.bound_s) == (pytest.approx(37e-9), pytest.approx(256e-9))


def test_a_report_that_is_none_is_counted():
    clock = ClockOffset("unreadable")
    assert clock.chrony("506 Cannot talk to daemon") is None
    assert clock.ptp("") is None
    assert clock.ptp(None) is None
    assert clock.server_time(0, 10, 5) is None
    assert metrics.CLOCK_UNREADABLE.bind(source="unreadable").value == 4


@given(
    st.integers(-(10**10), 10**10), st.integers(0, 10**9), st.floats(0, 1), st.integers(0, 10**6)
)
def test_the_true_offset_lies_within_the_bound(ahead_ns, trip_ns, read_at, rounded_ns):
    sent_ns = 1_700_000_000_000_000_000
    server_ns = sent_ns - ahead_ns + round(trip_ns * read_at)
    shown_ns = server_ns + rounded_ns // 2
    offset = ClockOffset("bound").server_time(
        shown_ns, sent_ns, sent_ns + trip_ns, resolution_ns=rounded_ns
    )
    assert abs(offset.offset_s - ahead_ns / 1e9) <= offset.bound_s + 1e-6


def test_of_a_venues_answers_the_shortest_trip_of_the_last_minute_counts():
    now = [1_700_000_000_000_000_000]
    clock = ClockOffset("venue", now_ns=lambda: now[0])
    clock.server_time(now[0], now[0], now[0] + 2_000_000)
    assert clock.server_time(now[0], now[0], now[0] + 90_000_000).bound_s < 0.002
    now[0] += 61_000_000_000
    assert clock.server_time(now[0], now[0], now[0] + 90_000_000).bound_s > 0.04
    assert metrics.CLOCK_CHECKED.bind(source="venue").value == now[0] / 1e9
    assert metrics.CLOCK_SYNCHRONISED.bind(source="venue").value == 1
