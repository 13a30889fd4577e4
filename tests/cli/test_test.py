"""``tapewatch test promql``: scripts, and what is said of those that fail."""

import json

import pytest
from click.testing import CliRunner

from tapewatch.cli.main import tapewatch

GOOD = """\
load 15s
  orders_sent_total{venue="X"}  0 10 20 30 2 12

# The window (15s, 75s] holds 20 30 2 12: up 10, restart to 2, up 10.
eval instant at 75s resets(orders_sent_total[60s])
  {venue="X"}  1

eval range from 0 to 30s step 15s orders_sent_total
  orders_sent_total{venue="X"}  0 10 20
"""
BAD = """\
load 15s
  up  1

eval instant at 0 up
  up  2
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.test").write_text(GOOD)
    (tmp_path / "bad.test").write_text(BAD)
    return lambda *arguments: CliRunner().invoke(tapewatch, ["test", "promql", *arguments])


@pytest.mark.parametrize("source", ["database", "memory"])
def test_what_holds_is_counted(run, source):
    told = run("rules", "--source", source)
    assert (told.output, told.exit_code) == ("2 passed, 0 failed\n", 0)


@pytest.mark.parametrize("places", [(".",), ("**/*.test",), ("rules", "bad.test", "rules")])
def test_a_failure_is_told_with_its_place(run, places):
    told = run(*places)
    first, last = told.output.splitlines()
    assert first.startswith("bad.test:4: at 0 ms: up: ")
    assert last == "2 passed, 1 failed"
    assert told.exit_code == 1


def test_failures_are_there_for_programs(run):
    told = json.loads(run("bad.test", "--json").output)
    assert (told["files"], told["passed"], told["failed"]) == (1, 0, 1)
    assert told["failures"][0]["file"] == "bad.test"
    assert told["failures"][0]["line"] == 4


def test_a_script_that_cannot_be_read_fails(run, tmp_path):
    (tmp_path / "bad.test").write_text("load 15s\n  up  1\n\nask up\n")
    told = run(".")
    assert "bad.test:4: " in told.output
    assert told.output.endswith("2 passed, 1 failed\n")


def test_a_file_that_cannot_be_read_has_no_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(tapewatch, ["test", "rules", "."])
    assert told.exit_code == 1
    assert told.output.startswith(".: cannot be read: Is a directory")


def test_a_place_without_scripts_is_a_slip(run):
    told = run("nowhere/*.test")
    assert told.exit_code == 2
    assert "'nowhere/*.test' is no file, no folder" in told.output
