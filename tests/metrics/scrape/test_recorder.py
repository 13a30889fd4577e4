import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.scrape.fakes import FakeIntake, job

from tapewatch.metrics.scrape.errors import LimitExceeded, ScrapeFailed, SeriesRefused
from tapewatch.metrics.scrape.protocols import Protocol
from tapewatch.metrics.scrape.readers import TextReader
from tapewatch.metrics.scrape.recorder import Recorder
from tapewatch.metrics.scrape.report import Report
from tapewatch.model.labels import Labels

TARGET = Labels.of(job="bots", instance="a:1")


class Bench:
    """A recorder with its reader and a storage that remembers; a scrape every second."""

    def __init__(self, text="", target=TARGET, form=Protocol.TEXT_0, **more):
        self.intake = FakeIntake(more.pop("series_max", 1_000_000))
        self.reader = TextReader(form)
        self.recorder = Recorder(target, job(text, **more), self.intake)
        if form is Protocol.OPENMETRICS_1:
            self.recorder.forget(tells_starts=True)
        self.time_ms = 0

    def scrape(self, body):
        """Record a body, and show the target's part of the row."""
        self.time_ms += 1000
        reading = self.reader.read(body.encode())
        draft = self.recorder.draft(reading, self.time_ms, self.reader.metadata)
        report = Report(True, 0.1, reading.count, draft.samples_kept, draft.series_added)
        self.recorder.commit(draft, report)
        row = self.row()
        gone = self.recorder.tidy(reading)
        if gone:
            self.reader.retire(gone)
        return row

    def fail(self):
        self.time_ms += 1000
        self.recorder.fail(self.time_ms, Report(False, 0.1))
        return self.row()

    def row(self):
        suffix = '{instance="a:1", job="bots"}'
        return {name.removesuffix(suffix): value for name, value in self.intake.row().items()}


def test_a_scrape_becomes_a_row_beside_our_own_series():
    bench = Bench()
    assert bench.scrape("a 1\nb 2\n") == {"a": 1.0, "b": 2.0}
    own = bench.intake.own
    assert (own("up"), own("scrape_samples_scraped"), own("scrape_series_added")) == (1, 2, 2)
    assert bench.intake.lane_now.rows[0].present is None


def test_a_repeated_scrape_takes_the_short_path():
    bench = Bench()
    bench.scrape("a 1\nb 2\n")
    bench.scrape("a 1\nb 2\n")
    assert bench.scrape("a 5\nb 6\n") == {"a": 5.0, "b": 6.0}
    assert bench.intake.own("scrape_series_added") == 0
    assert bench.intake.own("scrape_samples_post_metric_relabeling") == 2


def test_labels_of_the_target_win_and_the_others_are_kept_aside():
    bench = Bench(target=Labels.of(job="bots", instance="a:1", exported_job="odd"))
    bench.scrape('x{job="mine"} 1\n')
    name = 'x{exported_exported_job="mine", exported_job="odd", instance="a:1", job="bots"}'
    assert bench.intake.row() == {name: 1.0}


def test_honored_labels_win():
    bench = Bench("honor_labels: true")
    bench.scrape('x{job="mine"} 1\n')
    assert bench.intake.row() == {'x{instance="a:1", job="mine"}': 1.0}


def test_rules_drop_and_rename_series():
    text = """
metric_relabel_configs:
  - {action: drop, source_labels: [__name__], regex: go_.*}
  - {source_labels: [__name__], regex: old_(.*), target_label: __name__, replacement: "new_$1"}
"""
    bench = Bench(text)
    body = "go_x 1\nold_y 2\nz 3\n"
    assert bench.scrape(body) == {"new_y": 2.0, "z": 3.0}
    bench.scrape(body)
    assert bench.scrape("go_x 1\nold_y 7\nz 8\n") == {"new_y": 7.0, "z": 8.0}
    assert bench.intake.own("scrape_samples_scraped") == 3
    assert bench.intake.own("scrape_samples_post_metric_relabeling") == 2


def test_a_vanished_series_is_marked_once_and_may_come_back():
    bench = Bench()
    bench.scrape("a 1\nb 2\n")
    assert bench.scrape("a 1\n") == {"a": 1.0, "b": "stale"}
    assert bench.scrape("a 1\n") == {"a": 1.0}
    assert bench.scrape("a 1\nb 3\n") == {"a": 1.0, "b": 3.0}
    assert bench.intake.own("scrape_series_added") == 1
    assert len(bench.intake.lane_now.labels) == 7


def test_a_failed_scrape_marks_everything_once():
    bench = Bench()
    bench.scrape("a 1\nb 2\n")
    assert bench.fail() == {"a": "stale", "b": "stale"}
    assert bench.intake.own("up") == 0
    assert bench.fail() == {}
    assert bench.scrape("a 4\nb 5\n") == {"a": 4.0, "b": 5.0}
    assert bench.intake.own("scrape_series_added") == 0


def test_series_that_are_stored_as_one_do_not_overwrite_each_other():
    text = "metric_relabel_configs: [{action: labeldrop, regex: id}]"
    bench = Bench(text)
    assert bench.scrape('x{id="1"} 1\nx{id="2"} 2\n') == {"x": 1.0}
    assert bench.scrape('x{id="2"} 3\n') == {"x": 3.0}
    assert bench.scrape("y 3\n") == {"x": "stale", "y": 3.0}


def test_a_series_of_the_target_cannot_pose_as_our_own():
    bench = Bench()
    assert bench.scrape("up 0\nx 1\n") == {"x": 1.0}
    assert bench.intake.own("up") == 1


def test_times_of_the_target_go_to_storage_as_loose_samples():
    bench = Bench()
    assert bench.scrape("a 1 500\nb 2\n") == {"b": 2.0}
    assert bench.intake.loose == [('a{instance="a:1", job="bots"}', 500, 1.0)]
    bench.scrape("b 2\n")
    assert len(bench.intake.loose) == 1


def test_series_with_times_are_tracked_where_the_job_says_so():
    bench = Bench("track_timestamps_staleness: true")
    bench.scrape("a 1 500\nb 2\n")
    bench.scrape("b 2\n")
    assert bench.intake.loose[-1] == ('a{instance="a:1", job="bots"}', 2000, "stale")
    bench.scrape("a 1 2500\nb 2\n")
    bench.fail()
    assert bench.intake.loose[-1] == ('a{instance="a:1", job="bots"}', 4000, "stale")


def test_times_of_the_target_are_ignored_where_the_job_says_so():
    bench = Bench("honor_timestamps: false")
    bench.scrape("a 1 500\n")
    assert bench.scrape("a 2 500\n") == {"a": 2.0}
    assert bench.intake.loose == []


def test_a_series_that_loses_its_times_gets_a_column():
    bench = Bench()
    assert bench.scrape("a 1 500\n") == {}
    assert bench.scrape("a 2\n") == {"a": 2.0}
    assert bench.scrape("a 3 700\n") == {"a": "stale"}


def test_times_far_in_the_future_are_left_out():
    bench = Bench()
    bench.scrape("a 1 700000\nb 1 500\n")
    assert [name.partition("{")[0] for name, _, _ in bench.intake.loose] == ["b"]


def test_a_repeated_line_with_a_time_of_its_own_is_a_sample_of_its_own():
    bench = Bench()
    bench.scrape("a 1 500\na 2 600\n")
    assert [(time, value) for _, time, value in bench.intake.loose] == [(500, 1.0), (600, 2.0)]
    bench.scrape("b 1\nb 2\n")
    assert bench.row() == {"b": 1.0}


@pytest.mark.parametrize(
    ("text", "body", "words"),
    [
        ("sample_limit: 1", "a 1\nb 2\n", "sample_limit exceeded: 2, the limit is 1"),
        ("label_limit: 3", 'a{x="1"} 1\n', "label_limit exceeded: 4 in metric 'a'"),
        ("label_name_length_limit: 8", 'a{longer_name="1"} 1\n', "label 'longer_name' of"),
        ("label_value_length_limit: 4", 'a{x="12345"} 1\n', "label_value_length_limit exceeded: 5"),
    ],
)
def test_limits_fail_the_whole_scrape_every_time(text, body, words):
    bench = Bench(text)
    for _ in range(2):
        with pytest.raises(LimitExceeded, match=words):
            bench.scrape(body)


def test_a_limit_holds_only_while_the_series_is_there():
    bench = Bench("label_value_length_limit: 4")
    with pytest.raises(LimitExceeded):
        bench.scrape('b 1\na{x="12345"} 1\n')
    assert bench.scrape("b 1\n") == {"b": 1.0}


def test_a_series_without_a_name_is_refused():
    bench = Bench("metric_relabel_configs: [{action: labeldrop, regex: __name__}]")
    with pytest.raises(SeriesRefused, match="no metric name"):
        bench.scrape("a 1\n")


def test_the_legacy_scheme_refuses_other_names():
    bench = Bench("metric_name_validation_scheme: legacy")
    with pytest.raises(ScrapeFailed, match="legacy scheme"):
        bench.scrape('{"http.requests"} 1\n')


def test_a_series_that_storage_refuses_is_left_out():
    bench = Bench(series_max=6)
    assert bench.scrape("a 1\nb 2\n") == {"a": 1.0}
    assert bench.scrape("a 1\nb 2\n") == {"a": 1.0}


def test_churn_neither_fills_the_reader_nor_the_lane():
    bench = Bench()
    for generation in range(40):
        body = "".join(f'x{{id="{generation}-{i}"}} {i}\n' for i in range(100))
        assert len([v for v in bench.scrape("a 1\n" + body).values() if v != "stale"]) == 101
    assert len(bench.intake.lanes) > 1
    assert len(bench.intake.lane_now.labels) < 2000
    assert len(bench.reader._reader.book.labels) < 500
    assert bench.scrape("a 1\n")["a"] == 1.0


def test_markers_survive_the_change_to_a_fresh_lane():
    bench = Bench()
    body = "".join(f'x{{id="{i}"}} {i}\n' for i in range(3000))
    bench.scrape("a 1\nb 1\n" + body)
    bench.scrape("a 1\nb 1\n")
    assert len(bench.intake.lanes) == 2
    assert bench.scrape("a 1\n") == {"a": 1.0, "b": "stale"}


def test_exemplars_stand_at_their_columns():
    bench = Bench(form=Protocol.OPENMETRICS_1)
    body = '# TYPE a counter\na_total 3 # {trace_id="abc"} 0.5 1.5\n# EOF\n'
    bench.scrape(body)
    ((column, exemplar),) = bench.intake.lane_now.rows[-1].exemplars
    assert bench.intake.lane_now.labels[column].name == "a_total"
    assert (exemplar.value, exemplar.timestamp_ms) == (0.5, 1500)


def test_created_series_tell_start_times():
    bench = Bench(form=Protocol.OPENMETRICS_1)
    body = """# TYPE a counter
a_total{v="x"} 3
a_created{v="x"} 1.5
a_total{v="y"} 4
a_created{v="y"} 2.5
# TYPE g gauge
g 1
# EOF
"""
    bench.scrape(body)
    bench.scrape(body)
    lane = bench.intake.lane_now
    starts = {
        str(labels): int(s) for labels, s in zip(lane.labels, lane.rows[-1].starts_ms, strict=True)
    }
    assert starts['a_total{instance="a:1", job="bots", v="x"}'] == 1500
    assert starts['a_total{instance="a:1", job="bots", v="y"}'] == 2500
    assert starts['g{instance="a:1", job="bots"}'] == 0


HISTOGRAM = """# TYPE lat histogram
lat_bucket{le="0.1"} 2
lat_bucket{le="1"} 5
lat_bucket{le="+Inf"} 6
lat_sum 3.5
lat_count 6
"""


def test_classic_histograms_become_native_ones():
    bench = Bench("convert_classic_histograms_to_nhcb: true")
    row = bench.scrape(HISTOGRAM)
    histogram = row.pop("lat")
    assert not row
    assert (histogram.schema, histogram.custom_bounds) == (-53, (0.1, 1.0))
    assert histogram.positive == {0: 2, 1: 3, 2: 1}
    assert (histogram.count, histogram.sum) == (6, 3.5)
    assert bench.scrape("x 1\n") == {"lat": "stale", "x": 1.0}


def test_classic_series_may_stay_beside_the_native_one():
    bench = Bench(
        "convert_classic_histograms_to_nhcb: true\nalways_scrape_classic_histograms: true"
    )
    row = bench.scrape(HISTOGRAM)
    assert row["lat"].count == 6
    assert row["lat_count"] == 6


def test_a_custom_histogram_beyond_the_bucket_limit_fails_the_scrape():
    bench = Bench("convert_classic_histograms_to_nhcb: true\nnative_histogram_bucket_limit: 2")
    with pytest.raises(LimitExceeded, match="native_histogram_bucket_limit"):
        bench.scrape(HISTOGRAM)


def test_another_configuration_goes_on_in_the_same_lane():
    bench = Bench()
    bench.scrape("a 1\nb 2\n")
    bench.recorder.change(
        job("metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: b}]")
    )
    bench.reader = TextReader(Protocol.TEXT_0)
    assert bench.scrape("a 1\nb 2\n") == {"a": 1.0, "b": "stale"}
    assert bench.scrape("a 1\nb 2\n") == {"a": 1.0}
    assert len(bench.intake.lanes) == 1


def test_type_and_unit_become_labels_where_that_is_on():
    bench = Bench(type_and_unit_labels=True)
    bench.scrape("# TYPE a counter\na 1\nb 2\n")
    assert list(bench.intake.row()) == [
        'a{__type__="counter", instance="a:1", job="bots"}',
        'b{instance="a:1", job="bots"}',
    ]


def test_extra_series_are_written_where_that_is_on():
    bench = Bench("extra_scrape_metrics: true\nsample_limit: 9")
    bench.scrape("a 1\n")
    assert {each.name for each in bench.intake.lane_now.labels} > {
        "scrape_timeout_seconds",
        "scrape_sample_limit",
        "scrape_body_size_bytes",
    }


def test_closing_marks_what_is_alive():
    bench = Bench("track_timestamps_staleness: true")
    bench.scrape("a 1\nt 1 500\n")
    bench.recorder.close(2000)
    assert bench.intake.lane_now.closed == [2000]
    assert bench.intake.loose[-1][1:] == (2000, "stale")


class SlowTwin:
    """The same rules, one series at a time, written to be read."""

    def __init__(self, dropped=()):
        self.alive = set()
        self.dropped = dropped

    def row(self, samples):
        untimed = {}
        for name, value, time_ms in samples:
            if time_ms is None and name not in self.dropped:
                untimed.setdefault(name, value)
        gone = self.alive - set(untimed)
        self.alive = set(untimed)
        return untimed | dict.fromkeys(gone, "stale")

    def fail(self):
        gone, self.alive = self.alive, set()
        return dict.fromkeys(gone, "stale")


SAMPLES = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.integers(0, 99).map(float), st.sampled_from([None, None, None, 500])),
    max_size=8,
)


@given(st.lists(st.one_of(SAMPLES, st.none()), max_size=12), st.booleans())
def test_rows_agree_with_the_slow_twin(scrapes, dropping):
    rule = "metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: c|f}]"
    bench, twin = Bench(rule if dropping else ""), SlowTwin("cf" if dropping else "")
    for scrape in scrapes:
        if scrape is None:
            assert bench.fail() == twin.fail()
            continue
        samples = [(name, value, time_ms) for name, (value, time_ms) in scrape.items()]
        lines = [f"{n} {v} {t}\n" if t else f"{n} {v}\n" for n, v, t in samples]
        assert bench.scrape("".join(lines)) == twin.row(samples)
