from hypothesis import given
from hypothesis import strategies as st

from tapewatch.floor.venues.limits import AccountLimits, AddressLimits

MINUTE_S = 1_767_600_000.0
"""It is a whole minute, so a window begins there."""


def used_up(at_s=MINUTE_S):
    address = AddressLimits()
    assert address.spend(6000, at_s) is None
    return address


def test_over_the_weight_is_refused_until_the_window_ends():
    address = used_up(MINUTE_S + 40)
    refusal = address.spend(1, MINUTE_S + 40)
    assert (refusal.status, refusal.code, refusal.retry_after_s) == (429, -1003, 20)
    assert "6000 per 1 MINUTE" in refusal.words


def test_the_window_is_the_clock_s_minute_and_does_not_slide():
    address = used_up(MINUTE_S + 59.9)
    assert address.spend(6000, MINUTE_S + 60.0) is None
    assert address.weight.used == 6000


def test_whoever_goes_on_is_banned_for_longer_each_time():
    address, now_s, lasted = AddressLimits(), MINUTE_S, []
    for _ in range(8):
        address.spend(6000, now_s)
        refusal = next(
            told for told in (address.spend(1, now_s) for _ in range(10)) if told.status == 418
        )
        assert f"banned until {round(address.banned_until_s * 1000)}" in refusal.words
        lasted.append(refusal.retry_after_s)
        now_s = (address.banned_until_s // 60 + 1) * 60
    assert lasted[:3] == [120, 480, 1920]
    assert lasted[-1] == 3 * 86_400


def test_a_ban_refuses_everything_and_ends():
    address = used_up()
    for _ in range(6):
        address.spend(1, MINUTE_S)
    assert address.spend(1, MINUTE_S + 100).status == 418
    assert address.spend(1, MINUTE_S + 121) is None


def test_orders_are_counted_for_ten_seconds_and_a_filled_one_gives_its_place_back():
    account = AccountLimits()
    for _ in range(100):
        assert account.order(MINUTE_S) is None
    refusal = account.order(MINUTE_S + 3)
    assert (refusal.status, refusal.code, refusal.retry_after_s) == (429, -1015, 7)
    account.filled(MINUTE_S + 3)
    assert account.short.used == 99
    assert account.order(MINUTE_S + 3) is None
    assert account.order(MINUTE_S + 10) is None


@given(st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 30)), max_size=40))
def test_what_is_answered_never_weighs_more_than_the_limit_in_a_minute(requests):
    address, now_s, answered = AddressLimits(), MINUTE_S, {}
    for weight, pause_s in requests:
        now_s += pause_s
        if address.spend(weight, now_s) is None:
            minute = now_s // 60
            answered[minute] = answered.get(minute, 0) + weight
    assert all(weight <= 6000 for weight in answered.values())
