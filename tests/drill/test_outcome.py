import dataclasses

import pytest

from tapewatch.drill.errors import NoRecord
from tapewatch.drill.outcome import AlertOutcome, FaultOutcome, QuietOutcome, Run
from tapewatch.drill.record import keep, recall
from tapewatch.drill.report import markdown, page
from tapewatch.floor.ledger import Cost

COST = Cost(-1234.6, 40, 3, 7, 2500.2)


def outcome(alert="A", **changes):
    fine = AlertOutcome(
        "hft",
        alert,
        "f",
        "played",
        "P0",
        page=True,
        hold_s=0.0,
        fired=True,
        detect_s=0.5,
        channel_s=0.6,
        channels=("pager",),
        resolved_s=3.0,
        over_told=True,
    )
    return dataclasses.replace(fine, **changes)


def run(*alerts, **changes):
    return Run("now", 7, ("hft",), list(alerts), **changes)


def test_a_drill_in_which_all_was_fine_is_good_and_says_so_in_one_line():
    told = run(outcome(), quiet=[QuietOutcome("hft", 3600.0)])
    assert told.good
    assert told.summary() == {
        "alerts": 1,
        "fired": 1,
        "detect_seconds_p50": 0.5,
        "detect_seconds_p99": 0.5,
        "precision": 1.0,
        "quiet_pages": 0,
        "failed": [],
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fired": False}, "did not fire"),
        ({"channels": ()}, "reached no channel"),
        ({"resolved_s": None}, "did not end after its fault"),
        ({"clock": "real", "detect_s": 1.5}, "took 1.50 s to be seen"),
        ({"faults": ("text is too long",)}, "text is too long"),
    ],
)
def test_what_was_not_as_it_has_to_be_is_a_failure(changes, words):
    told = run(outcome(**changes))
    assert told.failed() == [f"hft/A: {words} (f)"]
    assert not told.good


def test_what_the_catalog_holds_back_need_not_reach_a_channel():
    assert run(outcome(channels=(), held_back=True)).good


def test_an_alert_that_fires_for_one_fault_and_not_for_another_has_not_fired():
    told = run(outcome(), outcome(fault="g", fired=False)).summary()
    assert (told["alerts"], told["fired"]) == (1, 0)


def test_times_of_the_real_clock_count_where_there_are_some():
    alerts = [outcome(detect_s=0.0), outcome(clock="real", detect_s=0.9)]
    assert run(*alerts).detections_s() == [0.9]
    slow = outcome("B", clock="real", hold_s=60.0, detect_s=9.0)
    assert run(*alerts, slow).detections_s() == [0.9]


def test_noise_lowers_the_precision_and_what_is_expected_does_not():
    loud = FaultOutcome("hft", "f", "played", 9.0, along=("B",), noise=("C", "D"))
    assert run(outcome(), faults=[loud]).precision() == 0.5


def test_a_page_in_a_quiet_hour_is_not_good():
    told = run(outcome(), quiet=[QuietOutcome("hft", 3600.0, pages=("A",), others=("B",))])
    assert told.summary()["quiet_pages"] == 1
    assert not told.good


def test_a_part_that_could_not_be_held_is_a_failure_beside_what_was():
    told = run(outcome())
    told.join(Run("", 7, ("hft",), hindered=["the floor at 7602 does not answer"]))
    assert told.failed() == ["the floor at 7602 does not answer"]
    assert not told.good
    assert "- the floor at 7602 does not answer" in markdown(told)


def test_a_drill_can_be_kept_and_read_again(tmp_path):
    told = run(
        outcome(faults=("x",)),
        faults=[FaultOutcome("hft", "f", "played", 9.0, noise=("C",), cost=Cost(-5.0, 9, 2))],
        quiet=[QuietOutcome("hft", 3600.0, ("A",))],
    )
    path = tmp_path / "drill.json"
    keep(told, path)
    assert recall(path) == told


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"form": 2}', '{"form": 1, "alerts": [{}]}'])
def test_a_file_without_a_drill_is_named(text, tmp_path):
    path = tmp_path / "drill.json"
    path.write_text(text)
    with pytest.raises(NoRecord, match=r"drill\.json holds no drill: hold one with"):
        recall(path)


def test_the_report_says_what_happened_and_keeps_markup_out_of_it():
    told = run(
        outcome(faults=("<b>text</b> | is too long",)),
        faults=[
            FaultOutcome("hft", "f", "played", 9.0, ("B",), ("C",), 4, COST),
            FaultOutcome("", "g", "real", 61.0, cost=COST),
        ],
        quiet=[QuietOutcome("hft", 3600.0)],
    )
    text = markdown(told)
    assert "1 of 1 alerts fired; precision 0.667" in text
    assert "not everything was as it has to be" in text
    assert "| A | f | played | P0 | yes | 0.50 s | 0.60 s | pager | 3.00 s |" in text
    assert r"<b>text</b> \| is too long" in text
    assert "| hft | f | B | C |" in text
    cost = "-1,235 USD | 3 of 40 | 7 (2,500 USD)"
    assert f"| hft | f | played | 9s | {cost} | 4 |" in text
    assert f"| all | g | real | 1m1s | {cost} |  |" in text
    told_html = page(told)
    assert "<b>" not in told_html
    assert "&lt;b&gt;text&lt;/b&gt; | is too long" in told_html
    assert "<td>3 of 40</td>" in told_html
    assert "http" not in told_html
