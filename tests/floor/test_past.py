from itertools import pairwise

import numpy as np
import pytest
from tests.floor.play import BEGIN_S, SMALL, catalog_of

from tapewatch.catalog.derive.scraping import scrape_jobs
from tapewatch.client.keeping import open_kept
from tapewatch.client.sources import open_at_rest
from tapewatch.floor.backfill import fill
from tapewatch.floor.past import SILENCE, Days, pasts
from tapewatch.metrics.storage.backfill import Past
from tapewatch.model.labels import METRIC_NAME

END_S = BEGIN_S


def days(seed=1, count=4, every_s=600):
    return Days.of(end_s=END_S, days=count, every_s=every_s, seed=seed)


@pytest.fixture(scope="module")
def drawn():
    """The past of one desk, by metric."""
    found = {}
    for past in pasts(days(), ["equities"], seed=1, size=SMALL, last=100):
        found.setdefault(past.labels.get(METRIC_NAME), []).append(past)
    return found


def test_a_past_ends_now_and_has_its_bad_days():
    past = days(count=30)
    assert past.times_s[-1] == END_S - past.every_s
    assert len(past.times_s) == 30 * 144
    assert 10 < len(past.spans) < 60
    assert SILENCE in {span.fault for span in past.spans}
    assert [span.begin_s for span in past.spans] == sorted(span.begin_s for span in past.spans)


def test_the_same_seed_draws_the_same_past():
    def numbers(seed):
        drawn = pasts(days(seed, 1), ["forex"], seed=seed, size=SMALL, last=10)
        return {past.labels: past.values.tolist() for past in drawn}

    one, other = numbers(1), numbers(1)
    own_clock = "process_cpu_seconds_total"
    assert {key for key in one if one[key] != other[key]} <= {
        key for key in one if key.get(METRIC_NAME) == own_clock
    }


def test_counters_rise_but_for_restarts(drawn):
    (past, *_) = drawn["signal_service_requests_total"]
    falls = int((np.diff(past.values) < 0).sum())
    assert falls <= 3
    assert past.values.max() > 10_000


def test_series_have_the_labels_of_a_scraped_service(drawn):
    (past, *_) = drawn["signal_service_model_loaded_status"]
    assert past.labels.get("job") == "signal-service"
    (job,) = [
        each for each in scrape_jobs(catalog_of("equities")) if each["job_name"] == "signal-service"
    ]
    assert [past.labels.get("instance")] == job["static_configs"][0]["targets"]
    assert past.labels.get("service") == "signal_service"


def test_beside_another_desk_series_say_whose_they_are():
    past = next(pasts(days(count=1), ["equities", "forex"], seed=1, size=SMALL, last=10))
    assert past.labels.get("platform") == "equities"


def test_whether_services_answered_is_told(drawn):
    assert len(drawn["up"]) == 4
    assert all(isinstance(past, Past) and set(past.values) <= {0.0, 1.0} for past in drawn["up"])


def test_native_histograms_are_drawn_for_the_last_days():
    found = [
        past
        for past in pasts(days(count=1), ["hft"], seed=1, size=SMALL, last=12)
        if past.histograms is not None
    ]
    assert found
    assert {len(past.histograms) for past in found} == {12}
    for past in found:
        counts = [each.count for each in past.histograms]
        assert sum(now < before for before, now in pairwise(counts)) <= 3


def test_a_past_is_kept_by_a_directory(tmp_path):
    with open_kept(tmp_path / "data", make=True) as kept:
        told = fill(kept.writer(), days(count=1), ["equities"], seed=1, size=SMALL)
        found = kept.series('{__name__="up"}', 0, round(END_S * 1000))
    assert len(found) == 4
    assert told["samples"] > 10_000
    with open_at_rest(tmp_path / "data") as database:
        assert database is not None
