"""How each kind of action is done: a signed call, a program, a kill switch of a real process."""

import asyncio
import hashlib
import hmac
import json
import stat
import subprocess
import sys

import pytest
from tests.alerting.saying import exchange, ok

from tapewatch.alerting.actions.hands import Hands
from tapewatch.alerting.actions.pull import Pull
from tapewatch.alerting.actions.settings import ActionSettings
from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.model.clock import SystemClock
from tapewatch.model.labels import Labels
from tapewatch.sdk.trading.switchboard import switches

PULL = Pull("halt", "key-1", "alert PnlFalls", "P&L fell by 5%", 10**18, Labels.of(venue="X"))

TRADER = """
import sys
from tapewatch import sdk
from tapewatch.sdk.trading.kill_switch import KillSwitch

sdk.start(sys.argv[2], folder=sys.argv[1], on_disk=True)
switch = KillSwitch("desk")
print(sdk.status().path, flush=True)
sys.stdin.read()
"""


def call(*answers, **settings):
    async def work(receiver):
        action = ActionSettings(kind="webhook", to=f"{receiver.url}/halt", **settings)
        return await Hands(SystemClock()).do(action, PULL), receiver.heard

    return exchange(work, *answers)


def test_a_webhook_is_told_what_and_why():
    outcome, (heard,) = call()
    assert outcome == Delivered(detail="200 OK: ok")
    assert (heard.method, heard.path) == ("POST", "/halt")
    assert heard.json == {
        "action": "halt",
        "by": "alert PnlFalls",
        "why": "P&L fell by 5%",
        "at": "2001-09-09T01:46:40Z",
        "delivery": "key-1",
        "labels": {"venue": "X"},
    }


def test_a_webhook_is_signed_and_carries_its_token(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    _, (heard,) = call(hmac_secret_file=secret, token_file=secret)
    parts = (heard.headers["X-Tapewatch-Timestamp"], "key-1")
    digest = hmac.new(b"s3cret", ".".join(parts).encode() + b"." + heard.body, hashlib.sha256)
    assert heard.headers["X-Tapewatch-Signature"] == f"sha256={digest.hexdigest()}"
    assert heard.headers["Authorization"] == "Bearer s3cret"
    assert heard.headers["Idempotency-Key"] == "key-1"


def test_a_webhook_that_answers_later_is_asked_again():
    outcome, _ = call(ok(status="503 Service Unavailable"))
    assert isinstance(outcome, Retry)


def test_a_webhook_that_refuses_is_refused():
    outcome, _ = call(ok(status="403 Forbidden"))
    assert isinstance(outcome, Refused)


def test_an_answer_that_does_not_come_in_time_is_a_failure():
    async def slow(heard):
        await asyncio.sleep(5)
        return ok()

    outcome, _ = call(lambda heard: slow(heard), timeout=100)
    assert isinstance(outcome, Retry)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "stop"
    path.write_text('#!/bin/sh\ncat > "$1"\nexit "$2"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(("status", "kind"), [("0", Delivered), ("75", Retry), ("1", Refused)])
def test_a_program_gets_the_pull_and_says_by_its_status_how_it_went(
    program, tmp_path, status, kind
):
    heard = tmp_path / "heard"
    action = ActionSettings(kind="command", to=str(program), arguments=(str(heard), status))
    assert isinstance(asyncio.run(Hands(SystemClock()).do(action, PULL)), kind)
    assert json.loads(heard.read_text())["why"] == "P&L fell by 5%"


def test_a_program_that_is_not_there_is_a_failure_and_no_crash():
    action = ActionSettings(kind="command", to="/nowhere/stop")
    outcome = asyncio.run(Hands(SystemClock()).do(action, PULL))
    assert outcome == Retry(None, "No such file or directory")


@pytest.fixture
def traders(tmp_path):
    folder = tmp_path / "regions"
    folder.mkdir(mode=0o700)
    started = {}
    for name in ("maker", "taker"):
        process = subprocess.Popen(
            [sys.executable, "-c", TRADER, str(folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started[name] = (process, process.stdout.readline().strip())
    yield folder, started
    for process, _ in started.values():
        process.communicate("")


def tripped(path):
    from pathlib import Path

    return {each.name: each.tripped for each in switches(Path(path))}


def test_a_kill_switch_is_tripped_in_the_processes_of_its_service_alone(traders):
    folder, started = traders
    hands = Hands(SystemClock(), lambda: (folder,))
    action = ActionSettings(kind="kill_switch", to="desk", service="maker")
    assert hands.intention(action) == "trip the switch 'desk' of maker (1 found)"
    outcome = asyncio.run(hands.do(action, PULL))
    assert outcome == Delivered(detail="tripped 'desk' in 1 of 1 processes of maker")
    assert tripped(started["maker"][1]) == {"desk": True}
    assert tripped(started["taker"][1]) == {"desk": False}


def test_a_kill_switch_without_a_service_is_tripped_everywhere(traders):
    folder, started = traders
    action = ActionSettings(kind="kill_switch", to="desk")
    outcome = asyncio.run(Hands(SystemClock(), lambda: (folder,)).do(action, PULL))
    assert outcome.detail == "tripped 'desk' in 2 of 2 processes of every service"
    assert all(tripped(path) == {"desk": True} for _, path in started.values())


def test_a_kill_switch_that_nobody_has_is_a_failure(tmp_path):
    action = ActionSettings(kind="kill_switch", to="desk")
    outcome = asyncio.run(Hands(SystemClock(), lambda: (tmp_path,)).do(action, PULL))
    assert outcome == Refused("tripped 'desk' in 0 of 0 processes of every service")
