"""What changed: starts, configuration, catalog and notes, as the server tells them."""

import json
import time

import pytest
from tests.running import Process

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.server.diary import DETAILS_MAX, Diary, Note, bounded, catalog_notes, loaded


@pytest.fixture
def server(tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("log: {level: info}\n")
    server = Process(tmp_path, "--config", str(tmp_path / "tapewatch.yaml"))
    yield server
    server.stop()
    server._log.close()


def told(server, path="changes", method="GET", body=None):
    headers = {"content-type": "application/json"} if body else {}
    status, _, answer = server.get(f"/api/v1/{path}", method=method, body=body, **headers)
    answer = json.loads(answer)
    return answer["data"] if status == 200 else (status, answer["error"])


def test_a_note_is_kept_and_told_first(server):
    made = told(server, method="POST", body=b'{"what": "gateway 2.1", "by": "ci"}')
    assert (made["kind"], made["what"], made["by"]) == ("deploy", "gateway 2.1", "ci")
    assert [each["kind"] for each in told(server)] == ["deploy", "start"]
    assert [each["what"] for each in told(server, "changes?kind=deploy")] == ["gateway 2.1"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"by": "ci"}', "what is missing"),
        (b'{"what": "x"}', "by is missing"),
        (b'{"what": "x", "by": "ci", "at": "2200-01-01T00:00:00Z"}', "has not been yet"),
        (b'{"what": "x", "by": "ci", "at": "soon"}', "soon"),
        (b'{"what": "x", "by": "ci", "details": "y"}', "details is not a list of texts"),
        (b"[]", "an object is expected"),
        (b"{", "no JSON"),
    ],
)
def test_a_note_with_a_fault_is_refused(server, body, words):
    status, fault = told(server, method="POST", body=body)
    assert status == 400
    assert words in fault


def test_a_reload_is_told_and_a_refused_one_with_its_faults(server, tmp_path):
    (tmp_path / "tapewatch.yaml").write_text("log: {level: debug}\n")
    server.get("/-/reload", method="POST")
    (tmp_path / "tapewatch.yaml").write_text("log: {level: loud}\n")
    server.get("/-/reload", method="POST")
    refused, loaded_, started = told(server)
    assert (started["kind"], loaded_["what"]) == ("start", "configuration: log.level")
    assert refused["kind"] == "refused"
    assert "loud" in refused["details"][0]


def test_a_restart_forgets_nothing_and_damage_costs_one_line(tmp_path):
    diary = Diary(tmp_path / "changes.jsonl")
    for at in (2, 1, 3):
        diary.note(Note(at, "deploy", f"number {at}"))
    lines = (tmp_path / "changes.jsonl").read_bytes().splitlines()
    (tmp_path / "changes.jsonl").write_bytes(b"\n".join([lines[0], b"{dam", lines[2]]))
    assert [each.what for each in Diary(tmp_path / "changes.jsonl").notes(0, 9)] == [
        "number 3",
        "number 1",
    ]


def test_what_another_catalog_changes_is_told_in_words():
    example, equities = (load_catalog(find_pack(name)) for name in ("example", "equities"))
    at_ns = time.time_ns()
    assert not list(catalog_notes(at_ns, [example], [example]))
    gone, new = catalog_notes(at_ns, [equities], [example])
    assert (gone.what, new.what) == (
        "platform equities is watched no more",
        "platform example is watched now",
    )


def test_a_setting_that_waits_for_a_restart_is_told_so():
    note = loaded(1, {"server.listen", "log.level"}, ["server.listen"])
    assert note.details == ("log.level", "server.listen (from the next start on)")


def test_a_long_list_is_cut_and_says_so():
    assert bounded(map(str, range(DETAILS_MAX + 5)))[-1] == "and 5 more"
