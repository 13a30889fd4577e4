"""The kill switch: tripped from inside and from outside, and taken along by a fork."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.trading import metrics
from tapewatch.sdk.trading.kill_switch import KillSwitch, Reason


def test_a_switch_begins_armed_and_says_who_moved_it():
    switch = KillSwitch("begin", now_ns=lambda: 17)
    assert not switch.tripped
    switch.trip("risk", "daily loss limit of 5000 USD")
    assert switch.tripped
    assert switch.reason == Reason("risk", "daily loss limit of 5000 USD", 17)
    switch.arm("alice", "reviewed")
    assert not switch.tripped
    assert metrics.KILL_SWITCH_CHANGES.bind(switch="begin", to="tripped").value == 1


def test_one_name_is_one_switch():
    KillSwitch("shared").trip("risk", "limit")
    assert KillSwitch("shared").tripped


def test_somebody_outside_can_trip_it():
    switch = KillSwitch("outside")
    # Who writes from outside writes the note first and the cell last, by the region's directory.
    metrics.KILL_SWITCH_NOTE.bind(switch="outside").set("99\talerting\tMaxDailyLoss")
    metrics.KILL_SWITCH.bind(switch="outside").set("tripped")
    assert switch.tripped
    assert switch.reason == Reason("alerting", "MaxDailyLoss", 99)


def test_a_note_of_another_form_is_all_reason():
    assert Reason.parse("because") == Reason("", "because", 0)


@given(st.text(max_size=150), st.text(max_size=150), st.integers(0, 2**62))
def test_a_reason_reads_back_as_far_as_it_fits(who, why, at_ns):
    told = Reason.parse(str(Reason(who, why, at_ns)))
    assert told.at_ns == at_ns
    assert told.who == who.replace("\t", " ")[:100]
    assert told.why == why.replace("\t", " ")[:100]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_is_as_stopped_as_its_parent():
    stopped, armed = KillSwitch("stopped"), KillSwitch("armed")
    stopped.trip("risk", "limit")
    child = os.fork()
    if not child:
        right = stopped.tripped and stopped.reason.who == "risk" and not armed.tripped
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
