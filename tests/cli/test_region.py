import json
import shutil
import tempfile
from pathlib import Path

import pytest

from tapewatch.sdk import instruments
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.region.file import SHARED_MEMORY, Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start
from tapewatch.sdk.trading import metrics

SMALL = Sections(64 << 10, 256 << 10, 8, 64, 64)


@pytest.fixture
def home(monkeypatch):
    """A process with a few numbers, where the verbs look without being told."""
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    monkeypatch.setenv("TAPEWATCH_REGION_FOLDER", str(folder))
    made = Registry({})
    made.start(Start("maker", "one", Place(folder, on_disk=True), SMALL))
    instruments.Counter("orders_total", "O", labels=("venue",), registry=made).bind(venue="x").inc(
        3
    )
    took = instruments.Histogram("took_us", "T", unit="us", registry=made).bind()
    for _ in range(4):
        took.observe(100.0)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def switch(home):
    state = instruments.State(
        metrics.KILL_SWITCH.name,
        "K",
        states=("armed", "tripped"),
        labels=("switch",),
        registry=home,
    )
    note = instruments.Note(metrics.KILL_SWITCH_NOTE.name, "N", labels=("switch",), registry=home)
    note.bind(switch="desk")
    return state.bind(switch="desk")


def test_list_tells_who_is_there(home, say):
    done = say("region", "list")
    assert done.exit_code == 0
    assert done.output.split("\t")[:2] == ["maker", "one"]
    (told,) = json.loads(say("region", "list", "--json").output)
    assert (told["state"], told["up"], told["service"]) == ("quiet", True, "maker")


def test_list_of_nobody_says_so(say, tmp_path):
    done = say("region", "list", "--folder", tmp_path)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no region was found\n")


@pytest.mark.parametrize("name", ["maker", "one"])
def test_show_finds_a_process_by_its_names(home, say, name):
    done = say("region", "show", name, "--once")
    assert done.exit_code == 0
    assert 'orders_total{venue="x"}\t3\t' in done.output
    assert "took_us\t4\tmean 100, p50 ≤ 107.635, p99 ≤ 107.635" in done.output
    assert done.output.startswith("maker one (pid ")


def test_show_reads_what_a_dead_process_left(home, say, tmp_path):
    kept = tmp_path / "kept.region"
    shutil.copy(home.status().path, kept)
    told = json.loads(say("region", "show", kept, "--json").output)
    assert {each["series"]: each["value"] for each in told["values"]} == {
        'orders_total{venue="x"}': 3,
        "took_us": 4,
    }


def test_a_name_that_nobody_has_is_told_with_those_there_are(home, say):
    done = say("region", "show", "taker", "--once")
    assert done.exit_code == 2
    assert "'taker' is none of the processes there: maker one" in done.stderr


def test_what_is_no_region_is_told(say, tmp_path):
    (tmp_path / "x.region").write_text("not a region" * 1000)
    for verb in ("show", "errors"):
        done = say("region", verb, tmp_path / "x.region")
        assert done.exit_code == 1
        assert "does not begin with TAPEWTCH" in done.stderr


def test_errors_come_with_their_count_and_times(home, say):
    for _ in range(3):
        home.errors.record(ValueError("bad price"))
    (told,) = json.loads(say("region", "errors", "maker", "--json").output)
    assert told["count"] == 3
    assert told["text"].endswith("ValueError: bad price")
    assert told["first"] <= told["last"]


def test_events_are_lines_without_secrets(home, say):
    gap = home.region.format(str(EventFormat("WARN", "feed", "{symbol} with {token}")))
    home.ring.push(gap, "BTC", "s3cr3t")
    home.ring.push(gap, "ETH", "s3cr3t")
    done = say("region", "events", "maker", "--last", 1)
    assert json.loads(done.output)["fields"]["symbol"] == "ETH"
    assert "s3cr3t" not in done.output


def test_a_switch_is_tripped_and_armed(home, switch, say):
    done = say("region", "trip", "maker", "desk", "--why", "daily loss limit", "--who", "risk")
    assert (done.exit_code, done.output) == (0, "desk is tripped\n")
    assert switch.state == "tripped"
    assert say("region", "arm", "maker", "desk", "--why", "reviewed").exit_code == 0
    assert switch.state == "armed"


def test_a_switch_that_is_not_there_is_told_with_those_there_are(home, switch, say):
    done = say("region", "trip", "maker", "dessk", "--why", "x")
    assert done.exit_code == 1
    assert "it has no switch 'dessk'; its switches are desk" in done.stderr


def test_a_switch_needs_a_reason(home, switch, say):
    assert say("region", "trip", "maker", "desk").exit_code == 2


def test_the_live_table_says_how_fast_numbers_rise(home):
    from rich.console import Console

    from tapewatch.cli.region import _drawn, _shown
    from tapewatch.sdk.region.reader import Reader

    with Reader(home.status().path) as reader:
        told = _shown(reader.snapshot(), reader)
    before = {each["series"]: each["value"] - 1 for each in told["values"]}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(_drawn(told, before, 2.0))
    (line,) = [each for each in captured.get().splitlines() if "orders_total" in each]
    assert line.split() == ['orders_total{venue="x"}', "3", "0.5"]
