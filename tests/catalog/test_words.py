"""What a catalog is told as: a picture, a page, a list of changes, a pack to begin with."""

import pytest

from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.difference import differences
from tapewatch.catalog.errors import CannotCreate
from tapewatch.catalog.graph import graph
from tapewatch.catalog.loading import find_pack, load, load_catalog
from tapewatch.catalog.pages import platform_page
from tapewatch.catalog.rule_tests.run import run_pack
from tapewatch.catalog.scaffold import create

OLD = """\
platform: {name: desk}
limits: {age_max_seconds: 10}
metrics: {age_seconds: {help: Age.}, gone_total: {help: Gone.}}
alerts:
  Stale: {severity: P0, for: 1m, expr: age_seconds > $age_max_seconds, only_while: XNYS open}
objectives: {up: {target: 99%, up: up}}
"""
GUARDED = "XNYS open -> nothing (no longer quiet outside of XNYS open)"
NEW = """\
platform: {name: desk}
limits: {age_max_seconds: 20}
metrics: {age_seconds: {help: Age., labels: {venue: [a]}}}
alerts: {Stale: {severity: P2, for: 5m, expr: age_seconds > $age_max_seconds}}
objectives: {up: {target: 99.9%, up: up}, more: {target: 90%, up: up, help: More.}}
"""


def test_changes_are_told_in_a_reviewers_words(write):
    old = load_catalog(write({"a.yaml": OLD}, "old"))
    new = load_catalog(write({"a.yaml": NEW}, "new"))
    assert [str(change) for change in differences(old, new)] == [
        "changed  metrics.age_seconds: labels: nothing -> {'venue': ['a']} (new: venue)",
        "gone     metrics.gone_total (what asks for it gets nothing)",
        "changed  limits.age_max_seconds: value: 10.0 -> 20.0 (higher)",
        "changed  alerts.Stale: severity: P0 -> P2 (less urgent)",
        "changed  alerts.Stale: for: 1m -> 5m (told later)",
        f"changed  alerts.Stale: only_while: {GUARDED}",
        "new      objectives.more (More.)",
        "changed  objectives.up: target: 99% -> 99.9% (promises more)",
    ]


def test_a_catalog_does_not_differ_from_itself():
    catalog = load_catalog(find_pack("example"))
    assert list(differences(catalog, catalog)) == []


SERVICES = """\
services:
  gateway: {title: Gateway, tier: 1, ports: {metrics: 8001}, needs: [risk-manager]}
  risk-manager: {tier: 2}
"""


def test_services_are_drawn_as_mermaid(pack):
    text = graph(pack(SERVICES), "mermaid")
    assert '  gateway["Gateway :8001"]:::tier1\n' in text
    assert "  gateway --> risk_manager\n" in text


def test_services_are_drawn_as_dot(pack):
    text = graph(pack(SERVICES), "dot")
    assert '  "gateway" -> "risk-manager";\n' in text


def test_a_page_has_the_platform_in_tables():
    text = platform_page(load_catalog(find_pack("example")))
    assert "| `LossLimitReached` | P0 | The bot has lost more than 5000 USD |" in text
    assert "| Orders are accepted | 99.5% | 30d |" in text


def test_a_new_pack_checks_clean_and_its_tests_pass(tmp_path):
    folder = tmp_path / "mydesk"
    create(folder)
    loaded = load(folder)
    assert loaded.faults == ()
    assert loaded.catalog.platform.name == "mydesk"
    assert check_catalog(loaded.catalog) == ()
    assert run_pack(loaded.catalog).failed == 0


def test_a_new_pack_replaces_nothing(tmp_path):
    (tmp_path / "mydesk").mkdir()
    (tmp_path / "mydesk" / "a.yaml").write_text("")
    with pytest.raises(CannotCreate, match="is there already and is not empty"):
        create(tmp_path / "mydesk")
