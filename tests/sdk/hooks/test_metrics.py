"""The hooks and the catalog's base packs mean the same by the same name."""

from pathlib import Path

import pytest
import yaml

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.instruments import Instrument
from tapewatch.sdk.region.layout import Kind

PACKS = Path(__file__).parents[3] / "src" / "tapewatch" / "catalog" / "packs"
OURS = [each for each in vars(metrics).values() if isinstance(each, Instrument)]


def declared():
    found = {}
    for path in [*PACKS.glob("base/*/metrics.yaml"), PACKS / "low_latency" / "metrics.yaml"]:
        found |= yaml.safe_load(path.read_text())["metrics"]
    return found


@pytest.mark.parametrize("instrument", OURS, ids=lambda each: each.name)
def test_a_metric_has_the_labels_and_the_kind_of_its_pack(instrument):
    told = declared().get(instrument.name)
    if told is None:
        pytest.skip("no pack leans on it")
    assert sorted(instrument.told.labels) == sorted(told.get("labels", ()))
    if "buckets" in told:
        assert instrument.told.kind is Kind.HISTOGRAM
        cuts = told["buckets"] if told["buckets"] != "native" else []
        assert list(instrument.told.cuts) == cuts


def test_the_packs_lean_on_most_of_them():
    known = {each.name for each in OURS} & declared().keys()
    assert len(known) >= 13, sorted(known)


@pytest.mark.parametrize("instrument", OURS, ids=lambda each: each.name)
def test_the_page_has_every_metric_as_it_is_declared(instrument):
    told = instrument.told
    labels = f" {', '.join(told.labels)} " if told.labels else " "
    row = f"| `{told.name}` | {told.kind.name.lower()} |{labels}| {told.help} |"
    page = (PACKS.parents[3] / "docs" / "sdk" / "hooks.md").read_text()
    assert row in page, f"put this into docs/sdk/hooks.md: {row}"
