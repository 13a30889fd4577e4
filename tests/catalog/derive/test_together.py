"""What several packs become on one server."""

import pytest

from tapewatch.catalog.derive.together import own_or_nobodys, rule_files, scrape_together
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.metrics.promql.nodes import Binary, Operator, VectorSelector, walk
from tapewatch.metrics.promql.parse import parse


@pytest.mark.parametrize(("name", "native"), [("hft", True), ("equities", None)])
def test_native_histograms_are_asked_for_where_a_pack_declares_them(name, native):
    jobs = scrape_together([load_catalog(find_pack(name))])
    assert {job.get("scrape_native_histograms") for job in jobs} == {native}


@pytest.mark.parametrize(("name", "classic"), [("crypto_desk", True), ("equities", None)])
def test_bounds_of_a_pack_are_asked_for_beside_its_native_histograms(name, classic):
    jobs = scrape_together([load_catalog(find_pack(name))])
    assert {job.get("always_scrape_classic_histograms") for job in jobs} == {classic}


def packs(*names):
    return [load_catalog(find_pack(name)) for name in names]


def test_rules_of_one_pack_alone_read_everything():
    (content,) = rule_files(packs("hft")).values()
    assert not [group for group in content["groups"] if "labels" in group]
    assert "platform=" not in str(content)


def test_rules_of_several_packs_read_their_own_series_and_those_of_nobody():
    content = rule_files(packs("hft", "forex"))["forex"]
    exprs = {r.get("alert"): r["expr"] for group in content["groups"] for r in group["rules"]}
    assert exprs["ProcessDown"] == 'up{platform=~"forex|"} == 0'
    assert {group["labels"]["platform"] for group in content["groups"]} == {"forex"}


def test_what_reckons_objectives_keeps_to_its_interval():
    (content,) = rule_files(packs("forex")).values()
    for group in content["groups"]:
        assert group.get("on_arrival", True) != group["name"].startswith("objective.")


def test_every_selector_of_an_expression_is_narrowed():
    told = own_or_nobodys(
        'rate(a_total{b="c"}[5m]) / on (b) absent(d) > min_over_time(e[1h:])', "x"
    )
    assert told == (
        'rate(a_total{b="c",platform=~"x|"}[5m]) / on (b) absent(d{platform=~"x|"}) > '
        'min_over_time(e{platform=~"x|"}[1h:])'
    )


def test_what_a_service_tells_is_of_its_pack_and_what_two_packs_ask_alike_of_nobody():
    hft, forex = packs("hft", "forex")
    jobs = {job["job_name"]: job for job in scrape_together([hft, forex, forex])}

    def platform_of(name):
        (targets,) = jobs[name]["static_configs"]
        return targets["labels"].get("platform", "")

    assert platform_of("connectors") == "hft"
    assert platform_of("postgres-exporter") == ""
    assert "platform" not in str(scrape_together([hft]))


@pytest.mark.parametrize("name", ["hft", "crypto_desk", "low_latency", "forex", "equities"])
def test_what_is_recorded_is_never_joined_by_all_labels_with_what_is_read(name):
    """What a rule records has the label ``platform`` on a server with several packs."""
    (content,) = rule_files(packs(name)).values()
    rules = [rule for group in content["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        for node in walk(parse(rule["expr"])):
            if isinstance(node, Binary) and node.operator not in (Operator.OR, Operator.UNLESS):
                sides = [names_of(node.left), names_of(node.right)]
                mixed = all(sides) and bool(sides[0] & recorded) != bool(sides[1] & recorded)
                assert not mixed or node.matching.on, (rule.get("alert"), sides)


def names_of(expr):
    return {node.name for node in walk(expr) if isinstance(node, VectorSelector)}
