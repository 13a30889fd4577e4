"""``tapewatch metrics``: at rest, and with a real server."""

import contextlib
import gzip
import json
import time

import pytest
from tests.running import Process

MINUTES = 60
ARCHIVE_START = 1_700_000_000


def archive(start=ARCHIVE_START):
    lines = [
        f'orders_total{{venue="{venue}"}} {minute * rate} {start + minute * 60}\n'
        for venue, rate in (("okx", 1), ("binance", 2))
        for minute in range(MINUTES)
    ]
    return "".join(lines) + "# EOF\n"


@pytest.fixture
def kept(say, tmp_path):
    """A directory with an archive in it."""
    (tmp_path / "x.om").write_text(archive())
    told = say("metrics", "import", "x.om", "--data", "d")
    assert told.exit_code == 0, told.output
    return told


def test_an_import_says_what_came_in(kept):
    first, second = kept.stdout.splitlines()
    assert first.startswith("imported 120 samples of 2 series in ")
    assert second == "from 2023-11-14T22:13:20Z to 2023-11-14T23:12:20Z"
    assert "note: a server keeps samples for 15d unless" in kept.stderr


def test_what_was_imported_can_be_asked_for(kept, say):
    told = say("query", "sum(orders_total)", "--at", ARCHIVE_START + 600, "--data", "d")
    assert told.output == "30\n"


def test_a_dry_run_keeps_nothing(say, tmp_path):
    (tmp_path / "x.om.gz").write_bytes(gzip.compress(archive().encode()))
    told = json.loads(say("metrics", "import", "x.om.gz", "--dry-run", "--json").stdout)
    assert (told["samples"], told["series"], told["kept"]) == (120, 2, False)
    assert [path.name for path in tmp_path.iterdir()] == ["x.om.gz"]


def test_lines_that_cannot_be_read_are_told(say, tmp_path):
    (tmp_path / "x.om").write_text("a 1 1\na 2\n# EOF\n")
    told = say("metrics", "import", "x.om", "--data", "d")
    assert told.exit_code == 1
    assert "imported 1 samples" in told.stdout
    assert "x.om:2:4: the sample has no time" in told.stderr


def test_a_slip_in_a_name_leaves_nothing_half_done(say, tmp_path):
    (tmp_path / "x.om").write_text(archive())
    told = say("metrics", "import", "x.om", "none.csv", "--data", "d")
    assert told.exit_code == 1
    assert "none.csv:0: No such file or directory" in told.stderr
    assert say("metrics", "series", "{job=~'.*',__name__!=''}", "--data", "d").stdout == ""


def test_series_are_listed(kept, say):
    told = say("metrics", "series", 'orders_total{venue=~"o.*"}', "--data", "d")
    assert told.stdout == 'orders_total{venue="okx"}\n'
    told = say("metrics", "series", "orders_total", "--to", "1000", "--data", "d", "--json")
    assert json.loads(told.stdout) == []


def test_a_slip_in_a_selector_is_shown(kept, say):
    told = say("metrics", "series", "orders_total{", "--data", "d")
    assert told.exit_code == 2
    assert "^" in told.stderr


def test_cardinality_ranks(kept, say):
    told = json.loads(say("metrics", "cardinality", "--data", "d", "--json").stdout)
    assert told["series"] == 2
    assert told["metrics"] == {"orders_total": 2}
    assert told["labels"] == {"venue": 2, "__name__": 1}
    assert told["pairs"]["venue=okx"] == 1
    assert "orders_total\t2" in say("metrics", "cardinality", "--data", "d").stdout


def test_deleting_asks_first(kept, say):
    told = say("metrics", "delete", 'orders_total{venue="okx"}', "--data", "d")
    assert told.exit_code != 0
    assert "delete samples of 1 series?" in told.stderr
    at = ARCHIVE_START + 600
    arguments = ("--from", ARCHIVE_START + 300, "--to", at, "--yes", "--data", "d")
    assert say("metrics", "delete", 'orders_total{venue="okx"}', *arguments).exit_code == 0
    asked = ("query", 'count_over_time(orders_total{venue="okx"}[1h])', "--data", "d")
    assert say(*asked, "--at", ARCHIVE_START + 3540).stdout == "okx\t54\n"


def test_a_snapshot_is_a_data_directory(kept, say):
    assert say("metrics", "snapshot", "copy", "--data", "d").stdout == "copied to copy\n"
    told = say("query", "count(orders_total)", "--at", ARCHIVE_START + 600, "--data", "copy")
    assert told.stdout == "2\n"
    again = say("metrics", "snapshot", "copy", "--data", "d")
    assert again.exit_code == 2
    assert "copy holds metrics already" in again.stderr


def test_nobody_there_is_exit_status_3(say):
    told = say("metrics", "cardinality", "--url", "http://127.0.0.1:1")
    assert told.exit_code == 3


def test_a_server_that_takes_no_imports_is_told(say, api, tmp_path):
    (tmp_path / "x.om").write_text(archive())
    api.fixed["/api/v1/import"] = 404, b"404 page not found"
    told = say("metrics", "import", "x.om")
    assert told.exit_code == 2
    assert "takes no imports: it is another server than tapewatch" in told.stderr


@pytest.fixture
def up(tmp_path):
    """Start a server; it is stopped at the end of the test."""
    folder = tmp_path / "server"
    folder.mkdir()
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = Process(folder, *arguments)
            stack.callback(process._log.close)
            stack.callback(process.stop)
            return process

        yield start


def test_everything_works_beside_a_running_server(up, say, tmp_path):
    server = up("--set", "metrics.enable_admin_api=true")
    start = int(time.time()) - 86_400
    (tmp_path / "x.om").write_text(archive(start))
    told = say("metrics", "import", "x.om", "--url", server.url)
    assert (told.exit_code, told.stderr) == (0, "")
    at = start + 600
    asked = ("query", "sum(orders_total)", "--at", at, "--url", server.url)
    assert say(*asked).stdout == "30\n"
    listed = say("metrics", "series", "orders_total", "--url", server.url).stdout
    assert listed.splitlines()[0] == 'orders_total{venue="binance"}'
    assert "series\n" in say("metrics", "cardinality", "--url", server.url).stdout
    told = say("metrics", "delete", 'orders_total{venue="okx"}', "--yes", "--url", server.url)
    assert told.stdout == "deleted from 1 series\n"
    assert say(*asked).stdout == "20\n"
    told = say("metrics", "snapshot", "copy", "--url", server.url)
    assert (told.stdout, told.stderr) == ("copied to copy\n", "")
    assert say("query", "sum(orders_total)", "--at", at, "--data", "copy").stdout == "20\n"


def test_a_server_says_what_its_settings_forbid(up, say):
    told = say("metrics", "snapshot", "copy", "--url", up().url)
    assert told.exit_code == 1
    assert "admin APIs disabled: set metrics.enable_admin_api" in told.stderr


def test_a_bad_import_is_refused_by_the_server(up):
    status, _, body = up().get("/api/v1/import", method="POST", body=b"nonsense")
    assert status == 400
    assert json.loads(body)["errorType"] == "bad_data"
    assert "it is no Arrow stream" in json.loads(body)["error"]
