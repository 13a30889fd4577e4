import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tapewatch.cli.drill import drill
from tapewatch.drill.outcome import AlertOutcome, Run
from tapewatch.drill.record import keep


def called(*words):
    return CliRunner().invoke(drill, words)


@pytest.fixture
def record(tmp_path):
    fired = AlertOutcome(
        *("hft", "KillSwitchTripped", "kill_switch", "played", "P0"),
        page=True,
        hold_s=0.0,
        fired=True,
        channels=("pager",),
        resolved_s=1.0,
    )
    path = tmp_path / "drill.json"
    keep(Run("2026-01-05 08:00:00 UTC", 7, ("hft",), [fired]), path)
    return str(path)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ((), "# Drill of 2026-01-05 08:00:00 UTC"),
        (("--markdown",), "| KillSwitchTripped | kill_switch | played |"),
        (("--html",), "<h1>Drill of 2026-01-05 08:00:00 UTC</h1>"),
    ],
)
def test_the_last_drill_is_reported(form, words, record):
    told = called("report", "--record", record, *form)
    assert told.exit_code == 0
    assert words in told.stdout


def test_a_report_for_programs_has_the_summary_and_everything(record):
    told = json.loads(called("report", "--record", record, "--json").stdout)
    assert told["summary"]["fired"] == 1
    assert told["alerts"][0]["alert"] == "KillSwitchTripped"


def test_without_a_drill_there_is_no_report(tmp_path):
    told = called("report", "--record", str(tmp_path / "none.json"))
    assert told.exit_code == 1
    assert "none.json holds no drill: hold one with `tapewatch drill run PACK`" in told.stderr


@pytest.mark.parametrize("words", [("run",), ("run", "hft", "--all")])
def test_a_drill_needs_something_to_drill_and_not_two_things(words):
    told = called(*words)
    assert told.exit_code == 2
    assert "name what to drill, or say --all" in told.stderr


def test_a_name_that_means_nothing_is_refused():
    told = called("run", "KillSwichTripped")
    assert told.exit_code == 1
    assert "is called 'KillSwichTripped'" in told.stderr
    assert "KillSwitchTripped" in told.stderr


def test_a_quiet_hour_needs_packs_with_desks():
    told = called("quiet", "example")
    assert told.exit_code == 2
    assert "'example' has no desk: take hft" in told.stderr


def test_a_drill_ends_with_one_line_for_programs_and_is_kept(tmp_path):
    record = tmp_path / "drill.json"
    words = ("run", "CacheFull", "--clock", "played", "--seed", "7", "--record", str(record))
    told = called(*words, "--json")
    assert told.exit_code == 0, told.output
    last = json.loads(told.stdout.splitlines()[-1])
    assert last == {
        "alerts": 1,
        "fired": 1,
        "detect_seconds_p50": None,
        "detect_seconds_p99": None,
        "precision": 1.0,
        "quiet_pages": 0,
        "failed": [],
    }
    assert json.loads(record.read_text())["seed"] == 7


@pytest.mark.slow
def test_a_page_is_held_on_the_machines_clock_by_the_processes_that_people_run(tmp_path):
    words = ["drill", "run", "KillSwitchTripped", "--clock", "real", "--json", "--seed", "7"]
    held = subprocess.run(
        [sys.executable, "-m", "tapewatch", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "cannot listen" in held.stderr or "cannot listen" in held.stdout:
        pytest.skip("somebody else listens where the sample floor does")
    told = json.loads(held.stdout.splitlines()[-1])
    assert (told["alerts"], told["fired"]) == (1, 1)
    # How soon is measured by a benchmark; here it counts that everything took part.
    kept = json.loads((tmp_path / "tapewatch-drill.json").read_text("utf-8"))
    (alert,) = kept["alerts"]
    assert alert["clock"] == "real"
    assert set(alert["channels"]) == {"pager", "slack"}
    (fault,) = kept["faults"]
    assert fault["cost"]["orders_refused"] > 0
