"""What the numbers of messages say: every policy on its venue's own rules, and a day of faults."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.trading.missing import Missing, Range
from tapewatch.sdk.trading.sequence import POLICIES, PlusOne, Verdict

NEXT, GAP, DUPLICATE, LATE, RESET, COVERED, WAITING, _ = Verdict


def judge(policy, messages, snapshot=None):
    sequence = POLICIES[policy]()
    if snapshot is not None:
        sequence.snapshot(snapshot)
    return sequence, [sequence.see(*message) for message in messages]


def test_plus_one_names_the_numbers_that_are_missing():
    sequence, verdicts = judge("plus_one", [(7, 7, 0), (8, 8, 0), (12, 12, 0), (13, 13, 0)])
    assert verdicts == [NEXT, NEXT, GAP, NEXT]
    assert sequence.missing.ranges == (Range(9, 11),)
    assert (sequence.missing_first, sequence.missing_last) == (9, 11)


def test_plus_one_tells_what_is_late_from_what_is_twice():
    sequence, verdicts = judge("plus_one", [(n, n, 0) for n in (1, 2, 5, 4, 4, 2, 3, 6)])
    assert verdicts == [NEXT, NEXT, GAP, LATE, DUPLICATE, DUPLICATE, LATE, NEXT]
    assert sequence.missing.ranges == ()


def test_plus_one_follows_ranges_as_aggregated_trades_have_them():
    _, verdicts = judge("plus_one", [(10, 12, 0), (13, 13, 0), (14, 20, 0), (22, 23, 0)])
    assert verdicts == [NEXT, NEXT, NEXT, GAP]


def test_a_restart_of_the_venue_is_a_reset_where_its_number_is_declared():
    sequence = PlusOne(reset_at=1)
    verdicts = [sequence.see(n, n, 0) for n in (500, 501, 1, 2)]
    assert verdicts == [NEXT, NEXT, RESET, NEXT]


def test_a_new_connection_begins_where_it_begins():
    sequence = PlusOne()
    sequence.see(500, 500, 0)
    sequence.reset()
    assert sequence.see(3, 3, 0) is NEXT


def test_spot_waits_for_a_snapshot_and_drops_what_it_covers():
    sequence = POLICIES["U_u"]()
    assert sequence.see(157, 160, 0) is WAITING
    sequence.snapshot(160)
    verdicts = [sequence.see(*m, 0) for m in [(150, 156), (157, 160), (159, 163), (164, 170)]]
    assert verdicts == [COVERED, COVERED, NEXT, NEXT]


def test_spot_needs_a_new_snapshot_after_a_hole():
    sequence, verdicts = judge("U_u", [(161, 165, 0), (170, 175, 0), (176, 180, 0)], snapshot=160)
    assert verdicts == [NEXT, GAP, WAITING]
    assert not sequence.synced
    assert sequence.missing.ranges == (Range(166, 169),)
    sequence.snapshot(178)
    assert [sequence.see(176, 180, 0), sequence.see(181, 181, 0)] == [NEXT, NEXT]
    assert sequence.synced


def test_spot_tells_that_a_snapshot_is_older_than_its_stream():
    sequence, verdicts = judge("U_u", [(200, 210, 0)], snapshot=160)
    assert verdicts == [GAP]
    assert sequence.missing.ranges == (Range(161, 199),)


def test_spot_counts_a_repeated_message_as_a_duplicate():
    _, verdicts = judge("U_u", [(161, 165, 0), (161, 165, 0)], snapshot=160)
    assert verdicts == [NEXT, DUPLICATE]


def test_futures_follow_by_the_number_they_name():
    messages = [(90, 95, 80), (98, 104, 95), (120, 130, 104), (140, 150, 130), (180, 190, 170)]
    sequence, verdicts = judge("pu_chain", messages, snapshot=100)
    assert verdicts == [COVERED, NEXT, NEXT, NEXT, GAP]
    assert sequence.missing.ranges == (Range(151, 170),)
    assert not sequence.synced


def test_futures_tell_that_a_snapshot_is_older_than_its_stream():
    sequence, verdicts = judge("pu_chain", [(150, 160, 140)], snapshot=100)
    assert verdicts == [GAP]
    assert sequence.missing.ranges == (Range(101, 149),)


def test_a_chain_brings_its_own_snapshot_and_its_keepalives():
    messages = [(0, 5, 4), (0, 10, -1), (0, 15, 10), (0, 15, 15), (0, 30, 20)]
    sequence, verdicts = judge("prev_chain", messages)
    assert verdicts == [WAITING, NEXT, NEXT, NEXT, GAP]
    assert sequence.missing.ranges == (Range(16, 20),)


def test_a_chain_that_falls_without_breaking_is_the_venues_maintenance():
    _, verdicts = judge("prev_chain", [(0, 10, -1), (0, 15, 10), (0, 3, 15), (0, 5, 3)])
    assert verdicts == [NEXT, NEXT, RESET, NEXT]


def test_ids_with_holes_only_have_to_rise():
    _, verdicts = judge("id_monotone", [(n, n, 0) for n in (5, 9, 9, 7, 20)])
    assert verdicts == [NEXT, NEXT, DUPLICATE, LATE, NEXT]


def test_a_wrong_checksum_ends_the_trust_until_the_next_snapshot():
    sequence, verdicts = judge("checksum", [(1, 1, 0), (1, 2, 0), (3, 3, 0)], snapshot=0)
    assert verdicts == [NEXT, GAP, WAITING]
    assert sequence.missing.ranges == ()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=120))
def test_what_is_missing_is_what_never_came(numbers):
    sequence = PlusOne()
    for number in numbers:
        sequence.see(number, number, 0)
    never = {n for n in range(numbers[0], max(numbers)) if n not in numbers}
    listed = {n for first, last in sequence.missing.ranges for n in range(first, last + 1)}
    assert listed == {n for n in never if n > numbers[0]}


def test_the_list_of_what_is_missing_stays_short():
    missing = Missing(ranges_max=3)
    for first in (10, 20, 30, 40):
        missing.add(first, first + 4)
    assert missing.ranges == (Range(20, 24), Range(30, 34), Range(40, 44))
    assert (missing.count, missing.forgotten_count) == (15, 5)


@pytest.mark.parametrize("seed", range(5))
def test_a_day_of_faults_is_told_exactly(seed):
    rng = random.Random(seed)
    sequence = PlusOne()
    lost, twice, late = set(), 0, 0
    held = None
    verdicts = []
    for number in range(1, 20_001):
        fault = rng.random() if number > 1 else 1.0
        if fault < 0.001:
            lost.add(number)
            continue
        if fault < 0.002 and held is None and number < 20_000:
            held = number
            continue
        verdicts.append(sequence.see(number, number, 0))
        if held is not None and held < number:
            verdicts.append(sequence.see(held, held, 0))
            held, late = None, late + 1
        if fault > 0.999 and fault < 1.0:
            verdicts.append(sequence.see(number, number, 0))
            twice += 1
    assert verdicts.count(DUPLICATE) == twice
    assert verdicts.count(LATE) == late
    listed = {n for first, last in sequence.missing.ranges for n in range(first, last + 1)}
    assert listed == {n for n in lost if n < 20_000}


def day(rng, policy, length):
    """A venue's day: ranges of numbers, some lost, twice or swapped with their successor."""
    messages, last = [], 100
    for _ in range(length):
        hole = rng.randint(0, 5) if policy == "pu_chain" else 0
        first = last + 1 + hole
        after = first if policy == "prev_chain" else first + rng.randint(0, 9)
        messages.append((first, after, last))
        last = after
    sent = []
    for message in messages:
        fault = rng.random()
        if fault < 0.004:
            continue
        sent.append(message)
        if fault > 0.996:
            sent.append(message)
        elif fault > 0.992 and len(sent) > 1:
            sent[-1], sent[-2] = sent[-2], sent[-1]
    return messages, sent


@pytest.mark.parametrize("policy", ["U_u", "pu_chain", "prev_chain"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_lost_a_trusted_book_has_no_hole(policy, seed):
    rng = random.Random(seed)
    messages, sent = day(rng, policy, 5_000)
    follows = {message[1]: message[2] for message in messages}
    sequence = POLICIES[policy]()
    snapshots, book = 0, None
    for message in sent:
        verdict = sequence.see(*message)
        if verdict is NEXT:
            # The book stands where the message before this one left it, or within it.
            assert follows[message[1]] == book or message[0] - 1 <= book <= message[1]
            book = message[1]
        elif verdict in (GAP, WAITING):
            # The program fetches a snapshot; it is as new as the message at hand.
            book = message[1]
            sequence.snapshot(book)
            snapshots += 1
        else:
            assert verdict in (DUPLICATE, COVERED)
            assert message[1] <= book
    assert 10 < snapshots < 200
