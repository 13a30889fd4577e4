"""The page and the instruments tell the same."""

import re
from pathlib import Path

from tapewatch.sdk.instruments import Instrument
from tapewatch.sdk.trading import metrics

PAGE = Path(__file__).parents[3] / "docs" / "sdk" / "trading.md"


def declared():
    return [each for each in vars(metrics).values() if isinstance(each, Instrument)]


def test_the_page_has_every_metric_as_it_is_declared():
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| ([\w, ]+) \| (.+) \|$", PAGE.read_text())
    told = [
        (each.name, each.told.kind.name.lower(), ", ".join(each.told.labels), each.told.help)
        for each in declared()
    ]
    assert rows == told


def test_names_begin_with_a_trading_noun():
    nouns = ("order", "orders", "venue", "clock", "position", "positions", "kill_switch")
    for each in declared():
        assert each.name.startswith(tuple(f"{noun}_" for noun in nouns)), each.name
