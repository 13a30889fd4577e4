"""The packs that come with Tapewatch: nothing found in them, and their tests hold."""

import pytest

from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.loading import find_pack, load, pack_names
from tapewatch.catalog.rule_tests.run import run_pack
from tapewatch.catalog.runbook import HEADINGS

PLATFORMS = ("hft", "crypto_desk", "low_latency", "forex", "equities")


@pytest.fixture(scope="module", params=pack_names())
def pack(request):
    loaded = load(find_pack(request.param))
    assert loaded.faults == ()
    return loaded.catalog


def test_nothing_is_found_in_it(pack):
    assert [str(finding) for finding in check_catalog(pack)] == []


def test_its_tests_hold(pack):
    report = run_pack(pack)
    assert [str(failure) for failure in report.failures] == []
    assert report.passed > 0


def test_every_runbook_says_all_that_somebody_needs_at_night(pack):
    for runbook in pack.runbooks.values():
        assert tuple(runbook.sections) == HEADINGS, runbook.file
        assert all(text.strip() for text in runbook.sections.values()), runbook.file


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_maps_every_item_of_its_description(name):
    table = (find_pack(name) / "README.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert rows[0] == "| item of the description | here | note |"
    assert len(rows) > 10
    assert all(row.count("|") == 4 for row in rows)
