"""What several packs become on one server."""

import pytest

from tapewatch.catalog.derive.together import scrape_together
from tapewatch.catalog.loading import find_pack, load_catalog


@pytest.mark.parametrize(("name", "native"), [("hft", True), ("equities", None)])
def test_native_histograms_are_asked_for_where_a_pack_declares_them(name, native):
    jobs = scrape_together([load_catalog(find_pack(name))])
    assert {job.get("scrape_native_histograms") for job in jobs} == {native}


@pytest.mark.parametrize(("name", "classic"), [("crypto_desk", True), ("equities", None)])
def test_bounds_of_a_pack_are_asked_for_beside_its_native_histograms(name, classic):
    jobs = scrape_together([load_catalog(find_pack(name))])
    assert {job.get("always_scrape_classic_histograms") for job in jobs} == {classic}
