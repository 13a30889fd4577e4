"""The verbs as people and scripts use them."""

import json
import time

import pytest
from click.testing import CliRunner

from tapewatch.cli.main import NOUNS, LazyGroup, tapewatch
from tapewatch.cli.output import human_bytes
from tapewatch.store.directory import DataDirectory


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAPEWATCH_CONFIG", raising=False)
    return lambda *arguments: CliRunner().invoke(tapewatch, arguments)


def leaves(command, path=()):
    if hasattr(command, "commands") or isinstance(command, LazyGroup):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*path, name))
    else:
        yield path, command


def test_help_lists_every_noun(run):
    told = run("--help").output
    assert all(name in told for name in NOUNS)


@pytest.mark.parametrize("path", [path for path, _ in leaves(tapewatch)], ids=" ".join)
def test_every_verb_explains_itself(run, path):
    told = run(*path, "--help")
    assert told.exit_code == 0
    assert len(told.output.split()) > 10


@pytest.mark.parametrize("noun", list(NOUNS))
def test_every_noun_shows_examples(run, noun):
    assert "Examples:" in run(noun, "--help").output


def test_a_slip_is_answered_with_a_guess(run):
    told = run("confg")
    assert told.exit_code == 2
    assert "did you mean config?" in told.output


def test_version_is_there_for_programs(run):
    told = json.loads(run("version", "--json").output)
    assert told.keys() == {"version", "python", "core"}


def test_init_does_not_overwrite(run, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("log: {level: debug}\n")
    told = run("config", "init")
    assert told.exit_code == 1
    assert "replace it with --force" in told.output
    assert run("config", "init", "--force").exit_code == 0
    assert run("config", "check").output == "tapewatch.yaml: good\n"


def test_check_tells_every_fault(run, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("log: {level: loud}\nserver:\n  listen: 7\n  x: 1\n")
    told = run("config", "check")
    assert told.exit_code == 2
    assert told.output.splitlines() == [
        "tapewatch.yaml:1: log.level: 'loud' is not one of debug, info, warning, error",
        "tapewatch.yaml:4: server.x: is not a setting here",
        "2 faults found",
    ]
    assert len(json.loads(run("config", "check", "--json").output)["faults"]) == 2


def test_show_says_what_came_of_file_and_flags(run, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("log: {level: warning}\n")
    told = json.loads(run("config", "show", "--json", "--set", "log.form=json").output)
    assert told["log"] == {"level": "warning", "form": "json"}


def test_the_schema_is_json(run):
    assert json.loads(run("config", "schema").output)["title"] == "tapewatch.yaml"


def test_variables_are_unambiguous(run):
    names = [line.split("\t")[0] for line in run("config", "variables").output.splitlines()]
    assert len(names) == len(set(names)) > 5


def test_data_info_and_check(run, tmp_path):
    with DataDirectory.open(tmp_path / "d", now_ns=time.time_ns(), writer="test") as data:
        (data.folder("metrics") / "x.new").write_bytes(b"")
        told = json.loads(run("data", "info", "d", "--json").output)
        assert told["in_use_by"].startswith("process ")
    assert told["folders"] == [{"name": "metrics", "files": 1, "bytes": 0}]
    found = run("data", "check", "d")
    assert found.exit_code == 1
    assert "metrics/x.new was left by a write that did not finish" in found.output


def test_a_directory_that_is_not_ours_is_told(run, tmp_path):
    told = run("data", "info", str(tmp_path))
    assert told.exit_code == 1
    assert "is not a data directory" in str(told.exception)


def test_completion_prints_shell_code(run):
    assert "_TAPEWATCH_COMPLETE" in run("completion", "bash").output


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (2048, "2.0 KB"), (123 << 20, "123 MB"), (5 << 40, "5.0 TB")]
)
def test_sizes_for_people(size, text):
    assert human_bytes(size) == text
