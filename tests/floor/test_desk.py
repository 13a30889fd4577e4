from itertools import product

import pytest
from tests.floor.play import BEGIN_S, catalog_of

from tapewatch.catalog.metric import type_of
from tapewatch.floor.cast import CASTS
from tapewatch.floor.desk import Desk
from tapewatch.floor.errors import UnknownPack
from tapewatch.floor.size import Size
from tapewatch.sdk.instruments import Instrument
from tapewatch.sdk.trading import metrics as trading_metrics

TOLD_BY_READERS = {"up", "region_heartbeat_timestamp_seconds"}
"""Whether a process answers, and when it beat last, is seen from outside."""

BY_THE_SDK = {
    each.name
    for each in vars(trading_metrics).values()
    if isinstance(each, Instrument) and each.name not in catalog_of("hft").metrics
}
"""What the trading objects tell besides what packs declare of them."""


@pytest.mark.parametrize("pack", CASTS)
def test_every_metric_of_the_pack_is_told_and_nothing_else(pack, played):
    desk = played(pack)
    desk.play(20)
    told = {name for service in desk.desk.services for name in service.worker.numbers.told}
    assert told == set(desk.catalog.metrics) - TOLD_BY_READERS


@pytest.mark.parametrize("pack", CASTS)
def test_labels_have_only_values_that_the_pack_declares(pack, played):
    desk = played(pack)
    desk.play(20)
    catalog = desk.catalog
    values = {}
    for _, metric, labels in desk.numbers():
        if metric in BY_THE_SDK:
            continue
        assert set(dict(labels)) | {metric} >= set(catalog.metrics[metric].labels.own), metric
        for name, value in labels:
            values.setdefault((metric, name), set()).add(value)
    for (metric, name), found in values.items():
        label = catalog.label_of(metric, name)
        assert not label.values or found <= set(label.values), (metric, name)
        assert not label.at_most or len(found) <= label.at_most, (metric, name)


@pytest.mark.parametrize("pack", CASTS)
def test_a_service_tells_what_its_pack_says_is_its_own(pack, played):
    desk = played(pack)
    desk.play(5)
    tellers = {
        name: {
            service.name for service in desk.desk.services if name in service.worker.numbers.told
        }
        for name in desk.catalog.metrics
    }
    for name, metric in desk.catalog.metrics.items():
        if metric.service and tellers[name]:
            assert tellers[name] == {metric.service}, name


@pytest.mark.parametrize("pack", CASTS)
def test_every_service_of_the_pack_is_on_the_desk(pack, played):
    desk = played(pack)
    assert {service.name for service in desk.desk.services} >= set(desk.catalog.services)
    for service in desk.desk.services:
        declared = desk.catalog.services.get(service.name)
        assert service.port == (declared.ports["metrics"] if declared else 0)


def test_the_same_seed_gives_the_same_numbers(played):
    one, other = played("low_latency", seed=7), played("low_latency", seed=7)
    one.play(10)
    other.play(10)
    assert one.numbers() == other.numbers()


def test_another_seed_gives_other_numbers(played):
    one, other = played("hft", seed=7), played("hft", seed=8)
    one.play(2)
    other.play(2)
    assert one.numbers() != other.numbers()


def test_orders_add_up(played):
    desk = played("hft")
    desk.play(60)
    stages = {}
    for (_, metric, labels), value in desk.numbers().items():
        if metric == "order_stages_total":
            stage = dict(labels)["stage"]
            stages[stage] = stages.get(stage, 0) + value
    open_orders = sum(value for key, value in desk.numbers().items() if key[1] == "orders_open")
    ended = stages["fill"] + stages["cancel"] + stages["reject"]
    assert stages["signal"] == stages["risk"] == stages["sent"] == ended + open_orders > 0
    assert stages["fill"] + stages["cancel"] <= stages["ack"] <= stages["sent"]


def test_counters_never_fall(played):
    desk = played("equities")
    desk.play(5)
    before = desk.numbers()
    desk.play(5)
    after = desk.numbers()
    for key, value in before.items():
        metric = desk.catalog.metrics[key[1]]
        if type_of(key[1], metric) == "counter":
            assert after[key] >= value, key


def test_a_large_floor_stays_within_the_labels_of_its_packs(played):
    for pack in CASTS:
        desk = Desk(catalog_of(pack), Size(symbols=500, venues=50), 1, BEGIN_S, None)
        market = desk.market
        assert len(market.symbols) <= desk.cast.symbols_max
        assert len(market.venues) <= desk.cast.venues_max
        assert set(desk.market._shares[0][0]) <= {*market.symbols, *market.venues}
        assert len(list(product(market.venues, market.symbols))) == len(market._shares)


def test_a_pack_without_a_desk_is_named():
    with pytest.raises(UnknownPack, match="no desk for the pack 'example': take hft, crypto_desk"):
        Desk(catalog_of("example"), Size(), 1, BEGIN_S, None)
