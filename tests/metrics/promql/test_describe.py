"""What each node of a query means, in words."""

import pytest

from tapewatch.metrics.promql.describe import describe, described_tree
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.signatures import SIGNATURES

SENTENCES = {
    "orders": "The latest value of every series of orders, if it is fresh.",
    'orders{venue="okx", side!=""}': "The latest value of every series of orders where venue is "
    "“okx” and side is there, if it is fresh.",
    'orders{venue=~"o.*", side!~"b|s", book=""}': "The latest value of every series of orders "
    "where venue matches “o.*” and side does not match “b|s” and book is missing, if it is fresh.",
    '{__name__="orders"}': "The latest value of every series of orders, if it is fresh.",
    "orders offset 1h": "The latest value of every series of orders, 1h before, if it is fresh.",
    "orders offset -5m @ end()": "The latest value of every series of orders, 5m after, at the end "
    "of the range, if it is fresh.",
    "orders[5m] @ 0": "All samples of the last 5m of every series of orders, at "
    "1970-01-01T00:00:00Z; one exactly 5m old is out.",
    "rate(orders[5m])[1h:1m]": "Works its part out again over the last 1h, every 1m.",
    "sum(orders)": "The sum of them, over all series together.",
    "max by (venue, side) (orders)": "The largest of them, one result for each venue and side.",
    "avg without (pod) (orders)": "Their mean, with series put together that differ only in pod.",
    "topk(5, orders)": "The series with the largest values, over all series together.",
    "orders / fills": "Left / right, value by value, matched by equal labels.",
    "orders > bool 5": "1 where it holds and 0 elsewhere: left > right.",
    "orders > on (venue) fills": "Keeps what satisfies: left > right, matched by venue.",
    "orders * ignoring (pod) group_left fills": "Left * right, value by value, matched by all "
    "labels but pod; many on the left for one on the right.",
    "orders * on (venue) group_right fills": "Left * right, value by value, matched by venue; one "
    "on the left for many on the right.",
    "orders unless on (venue) fills": "What is on the left and has no partner on the right, "
    "matched by venue.",
    "max_over_time(orders[5m])": "One number for each series: the largest of its samples.",
    "mad_over_time(orders[5m])": "One number for each series: over its window.",
    "sqrt(orders)": "sqrt() of each value.",
    "-orders": "The same with the other sign.",
    "(orders)": "What is in the parentheses, worked out first.",
    "5": "A fixed number.",
    '"x"': "A text.",
}


@pytest.mark.parametrize(("text", "sentence"), SENTENCES.items())
def test_a_node_is_described(text, sentence):
    from tapewatch.metrics.promql.features import Features

    every = Features(**dict.fromkeys(Features.__dataclass_fields__, True))
    assert describe(parse(text, every)) == sentence


def test_the_tree_shows_where_each_part_stands():
    tree = described_tree(parse("sum(rate(orders[5m])) / 2"))
    left, right = tree["children"]
    assert (left["start"], left["end"], right["text"], right["type"]) == (0, 21, "2", "scalar")
    window = left["children"][0]["children"][0]
    assert (window["text"], window["children"]) == ("orders[5m]", [])


def test_every_function_is_described_in_a_sentence():
    from tapewatch.metrics.promql.nodes import Call

    for name in SIGNATURES:
        assert describe(Call(name, ())).endswith(".")
