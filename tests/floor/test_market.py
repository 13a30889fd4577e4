import random
import statistics

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.floor.market import Market, poisson, season, shares
from tapewatch.floor.trading import Book

NOON_S = 1_767_614_400.0


def market(seed=1, symbols=("A", "B", "C"), venues=("x", "y"), messages=1000.0):
    return Market(symbols, venues, messages, random.Random(seed))


def test_messages_come_about_as_often_as_asked():
    played = market()
    counts = []
    for step in range(4000):
        played.step(NOON_S + step, 1.0)
        counts.append(sum(played.messages.values()) / played.activity)
    assert 950 < statistics.mean(counts) < 1050


def test_activity_comes_in_bursts():
    played = market()
    seen = []
    for step in range(2000):
        played.step(NOON_S + step, 1.0)
        seen.append(played.activity)
    neighbours = statistics.correlation(seen[:-1], seen[1:])
    assert neighbours > 0.8
    assert max(seen) > 1.3 * statistics.median(seen)


def test_prices_have_heavier_tails_than_chance():
    played = market(symbols=("A",))
    moves, before = [], played.prices["A"]
    for step in range(20_000):
        played.step(NOON_S + step, 1.0)
        moves.append(played.prices["A"] / before - 1)
        before = played.prices["A"]
    deviation = statistics.pstdev(moves)
    far = sum(abs(move) > 4 * deviation for move in moves)
    assert far > 20_000 * 0.0005, "chance alone would bring one or two"


def test_the_afternoon_is_busier_than_the_night():
    assert season(15 * 3600) > 2 * season(3 * 3600)


def test_the_first_venue_and_symbol_have_most():
    given_shares = dict(shares(("x", "y"), ("A", "B")))
    assert max(given_shares, key=given_shares.get) == ("x", "A")
    assert abs(sum(given_shares.values()) - 1) < 1e-9


@given(st.floats(0, 500), st.integers())
def test_a_count_is_never_below_zero_and_draws_once(mean, seed):
    rng, other = random.Random(seed), random.Random(seed)
    assert poisson(rng, mean) >= 0
    other.random()
    assert rng.random() == other.random()


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 20)), max_size=30))
def test_what_a_book_earned_is_cash_and_what_is_held(fills):
    book, cash = Book(), 0.0
    price = 1
    for quantity, price in fills:
        if quantity:
            book.fill("A", float(quantity), float(price))
            cash -= quantity * price
    worth = cash + book.quantities.get("A", 0.0) * price
    earned = book.realized.get("A", 0.0) + book.unrealized("A", float(price))
    assert abs(worth - earned) < 1e-6
