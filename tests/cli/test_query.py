"""``tapewatch query``: what is asked, and how the answer is shown."""

import json
import os
import pty
import subprocess
import sys

import numpy as np
import pytest

from tapewatch.client.sources import open_at_rest
from tapewatch.metrics.intake import Loose
from tapewatch.model.labels import Labels
from tapewatch.store.directory import DataDirectory


def test_one_time_is_a_table(say, api):
    told = say("query", "orders_total", "--at", "600")
    assert told.output == "orders_total\tbinance\t1200\norders_total\tokx\t3000\n"
    assert told.exit_code == 0


def test_a_range_is_a_table_where_nobody_looks(say, api):
    told = say("query", "sum(orders_total)", "--range", "30s", "--end", "600", "--step", "15s")
    assert told.output.splitlines() == [
        "1970-01-01T00:09:30Z\t3990",
        "1970-01-01T00:09:45Z\t4095",
        "1970-01-01T00:10:00Z\t4200",
    ]


def test_json_is_what_the_api_says(say, api):
    told = json.loads(say("query", 'orders_total{venue="okx"}', "--at", "600", "--json").output)
    assert told == {
        "resultType": "vector",
        "result": [
            {"metric": {"__name__": "orders_total", "venue": "okx"}, "value": [600, "3000"]}
        ],
    }


@pytest.mark.parametrize(("text", "words"), [("1 + 1", "2\n"), ('"up"', "up\n")])
def test_a_scalar_and_a_string_stand_alone(say, api, text, words):
    assert say("query", text).output == words


def test_one_series_is_a_line(say, api):
    told = say("query", "sum(orders_total)", "--range", "10m", "--end", "600", "--chart").output
    assert "00:00:00" in told
    assert "4200 ┤" in told
    assert told.splitlines()[-1] == "● {}  last 4200, 0 to 4200"


def test_several_series_without_colours_are_sparks(say, api):
    told = say("query", "orders_total", "--range", "10m", "--end", "600", "--chart").output
    assert [line.split()[0] for line in told.splitlines()] == ["venue=binance", "venue=okx"]
    assert told.splitlines()[1].endswith("last 3000, 0 to 3000")


def test_one_time_may_be_bars(say, api):
    lines = say("query", "orders_total", "--at", "600", "--chart").output.splitlines()
    assert lines[0].count("█") == 12
    assert lines[1].count("█") == 30


def test_nothing_found_is_said_beside_the_result(say, api):
    told = say("query", "nothing")
    assert (told.stdout, told.exit_code) == ("", 0)
    assert "nothing was found" in told.stderr


def test_notes_are_told_beside_the_result(say, api):
    told = say("query", "quantile(2, orders_total)", "--at", "600")
    assert "quantile value should be between 0 and 1, got 2" in told.stderr
    assert told.stdout == "+Inf\n"


@pytest.fixture
def at_rest(tmp_path):
    DataDirectory.open(tmp_path / "d", now_ns=0, writer="test").close()
    with open_at_rest(tmp_path / "d") as database:
        series = database.series([Labels.of(__name__="up", job="a")])
        database.append(Loose(series, np.array([60_000]), np.array([1.0])))
    return tmp_path / "d"


def test_a_slip_is_shown_with_a_caret(say, api, at_rest):
    assert say("query", "sum(up", "--data", "d").stderr.splitlines() == [
        "1:7: parse error: unclosed left parenthesis",
        "  sum(up",
        "        ^",
    ]
    told = say("query", "up +\n foo(up)")
    assert told.stderr.splitlines()[1:] == ["   foo(up)", "   ^"]
    assert told.exit_code == 2


def test_every_slip_is_shown_at_once(say, at_rest):
    told = say("query", "foo(up) + bar(up)", "--data", "d").stderr
    assert told.count("unknown function") == 2


def test_data_at_rest(say, at_rest):
    assert say("query", "up", "--at", "60", "--data", "d").output == "up\ta\t1\n"
    told = say("query", "sum(up)", "--at", "60", "--data", "d", "--explain").output
    assert "- sum (1 row" in told
    assert (
        "up" in json.loads(say("query", "up", "--data", "d", "--explain", "--json").output)["plan"]
    )


def test_a_server_is_not_asked_to_explain(say, api):
    told = say("query", "sum(orders_total)", "--explain")
    assert told.exit_code == 0
    assert "- sum" in told.output
    assert api.seen == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--url", "http://127.0.0.1:1"], 3, "start one with `tapewatch up`"),
        (["--data", "nowhere"], 1, "cannot be used (it does not exist)"),
        (["--data", "x", "--url", "y"], 2, "--url and --data exclude each other"),
        (["--at", "soon"], 2, "'soon' is not a time"),
        (["--step", "5s"], 2, "give its length by --range"),
        (["--range", "5m", "--at", "5"], 2, "use --end"),
        (["--range", "long"], 2, "'long' is not a duration"),
        (["--chart", "--json"], 2, "exclude each other"),
    ],
)
def test_what_cannot_be_asked(say, arguments, status, words):
    told = say("query", "up", *arguments)
    assert told.exit_code == status
    assert words in told.stderr


def test_a_person_sees_colours(api, tmp_path):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tapewatch", "query", "orders_total"]
    command += ["--range", "10m", "--end", "600"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    told = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert told.returncode == 0, told.stderr
    assert "\x1b[36m" in shown
    assert "venue=okx" in shown
