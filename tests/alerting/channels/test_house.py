"""The channels that stay in the house: a file and a command."""

import asyncio
import json
import stat
from pathlib import Path

import pytest
from tests.alerting.saying import channel, context, parcel

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.document.errors import DocumentError


def say(made):
    return asyncio.run(made.send(parcel(), context()))


def script(folder, text):
    path = folder / "tell.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def command(path, more=""):
    return channel("command", f"{{command: [{path}, one], allowed: [{path}]{more}}}")


def test_a_file_gets_a_line_for_each_notification(tmp_path):
    made = channel("file", f"{{path: {tmp_path}/told.jsonl}}")
    assert say(made) == Delivered(detail=f"written to {tmp_path}/told.jsonl")
    say(made)
    lines = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["title"] == "[P0] FeedStale · X"
    assert lines[0]["version"] == "4"


def test_a_file_that_has_grown_is_put_aside(tmp_path):
    made = channel("file", f"{{path: {tmp_path}/told.jsonl, size_max: 1KB}}")
    say(made)
    say(made)
    assert (tmp_path / "told.jsonl.1").exists()
    assert len((tmp_path / "told.jsonl").read_text().splitlines()) == 1


def test_a_file_that_cannot_be_written_may_be_later(tmp_path):
    made = channel("file", f"{{path: {tmp_path}/none/told.jsonl}}")
    assert say(made) == Retry(None, "No such file or directory")


def test_a_command_reads_the_message_from_its_input(tmp_path):
    made = command(script(tmp_path, f"cat > {tmp_path}/heard; echo done $1"))
    assert say(made) == Delivered(detail="exit status 0: done one")
    assert json.loads((tmp_path / "heard").read_text())["title"] == "[P0] FeedStale · X"


@pytest.mark.parametrize(("status", "kind"), [(1, Refused), (75, Retry)])
def test_a_command_says_by_its_status_how_it_went(tmp_path, status, kind):
    outcome = say(command(script(tmp_path, f"echo no; exit {status}")))
    assert outcome.detail == f"exit status {status}: no"
    assert isinstance(outcome, kind)


def test_a_command_is_ended_with_its_children(tmp_path):
    path = script(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    outcome = say(command(path, ", timeout: 300ms"))
    assert outcome == Retry(None, "did not end within 0.3 s and was ended")
    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_command_gets_no_environment_but_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    made = command(script(tmp_path, "echo $SECRET-$OWN"), ", environment: {OWN: y}")
    assert say(made).detail == "exit status 0: -y"


def test_a_command_that_is_not_allowed_is_no_setting():
    with pytest.raises(DocumentError, match="/bin/rm is not listed under allowed"):
        channel("command", "{command: [/bin/rm], allowed: [/bin/true]}")
