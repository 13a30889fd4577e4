"""Every fault of a document is told at once, with its place and what would be right."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.document.errors import DocumentError
from tapewatch.document.fields import option
from tapewatch.document.overlay import from_environment, lay_over, leaf_paths
from tapewatch.document.printing import commented_yaml, json_schema, to_yaml
from tapewatch.document.reading import read_node, read_text
from tapewatch.document.types import DurationMs, FilePath, Secret, SizeBytes, parse_size_bytes


@dataclass(frozen=True)
class Venue:
    name: str = option("Name of the venue.")
    weight: int = option("Weight a minute.", default=1200, low=1, high=6000)


@dataclass(frozen=True)
class Desk:
    interval: DurationMs = option("How often.", default=15_000, low=100)
    size: SizeBytes = option("How much.", default=1024)
    mode: Literal["paper", "live"] = option("What is at stake.", default="paper")
    ratio: float | None = option("A share.", default=None)
    live: bool = option("Whether.", default=False)
    venues: list[Venue] = option("Where.", default_factory=list)
    labels: dict[str, str] = option("More.", default_factory=dict)
    token: Secret | None = option("Opens it.", default=None)
    folder: FilePath = option("Place.", default=Path("here"), key="directory")

    def faults(self):
        if self.live and self.mode == "paper":
            yield "mode", "paper cannot be live"


def faults_of(text):
    with pytest.raises(DocumentError) as caught:
        read_text(text, Desk, file="desk.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_a_document_becomes_a_frozen_value():
    desk = read_text(
        "interval: 1m30s\nsize: 2KB\nmode: live\nratio: 0.5\nlive: yes\n"
        "venues:\n  - name: binance\n  - {name: kraken, weight: 10}\n"
        "labels: {on: yes}\ndirectory: there\n",
        Desk,
    )
    assert desk.interval == 90_000
    assert desk.size == 2048
    assert desk.venues == [Venue("binance"), Venue("kraken", 10)]
    assert desk.labels == {"on": "yes"}
    assert desk.folder == Path("there")


def test_every_fault_is_told_at_once():
    assert faults_of(
        "intervall: 1s\ninterval: 50ms\nmode: lvie\nlive: maybe\nratio: [1]\n"
        "venues:\n  - weight: 7000\n  - name: x\n    weight: ten\nlabels: 3\n"
    ) == [
        "desk.yaml:1: intervall: is not a setting here; did you mean interval?",
        "desk.yaml:2: interval: 50ms is below 100ms",
        "desk.yaml:3: mode: 'lvie' is not one of paper, live; did you mean live?",
        "desk.yaml:4: live: 'maybe' is not true or false",
        "desk.yaml:5: ratio: must be a number, not a list",
        "desk.yaml:7: venues[0].name: is missing",
        "desk.yaml:7: venues[0].weight: 7000 is above 6000",
        "desk.yaml:9: venues[1].weight: 'ten' is not a whole number",
        "desk.yaml:10: labels: must be a mapping, not the text '3'",
    ]


def test_a_value_can_check_itself():
    assert faults_of("mode: paper\nlive: true\n") == ["desk.yaml:1: mode: paper cannot be live"]


def test_a_secret_is_read_from_its_place_and_never_shown(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("s3cret\n")
    desk = read_text(f"token: {{file: {tmp_path}/token}}", Desk)
    assert desk.token.reveal() == "s3cret"
    monkeypatch.setenv("DESK_TOKEN", "other")
    again = read_text("token: {env: DESK_TOKEN}", Desk)
    assert again.token.reveal() == "other"
    assert "s3cret" not in f"{desk} {desk!r} {to_yaml(desk)}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("token: hunter2", "a secret is never written here; point to it"),
        ("token: {env: NOT_SET_ANYWHERE}", "the variable NOT_SET_ANYWHERE is not set"),
        ("token: {file: /no/such}", "/no/such cannot be read: No such file or directory"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_fault_that_does_not_show_it(text, fault):
    (told,) = faults_of(text)
    assert fault in told
    assert "hunter2" not in told


def test_the_environment_and_flags_go_over_the_file():
    from tapewatch.document.nodes import parse

    found = from_environment(Desk, {"TAPEWATCH_INTERVAL": "5s", "TAPEWATCH_NOPE": "x"})
    assert found == {"interval": ("5s", "TAPEWATCH_INTERVAL")}
    tree = parse("interval: 1s\nmode: live\n", file="desk.yaml")
    tree = lay_over(tree, Desk, "interval", "5s", "TAPEWATCH_INTERVAL")
    desk = read_node(tree, Desk, file="desk.yaml", folder=Path())
    assert (desk.interval, desk.mode) == (5_000, "live")


def test_a_bad_overlay_names_who_said_it():
    from tapewatch.document.nodes import parse

    tree = lay_over(parse("", file="x"), Desk, "interval", "soon", "TAPEWATCH_INTERVAL")
    with pytest.raises(DocumentError, match=r"^TAPEWATCH_INTERVAL: interval: 'soon' is not a dur"):
        read_node(tree, Desk, file="x", folder=Path())
    with pytest.raises(DocumentError, match="--set: intrval: is not a setting; did you mean inter"):
        lay_over(tree, Desk, "intrval", "1s", "--set")


def test_the_starting_document_reads_as_the_defaults():
    assert read_text(commented_yaml(Desk), Desk) == Desk()


def test_what_is_printed_reads_back():
    desk = Desk(interval=250, venues=[Venue("okx")], labels={"a": "b: c"}, ratio=0.1)
    assert read_text(to_yaml(desk), Desk) == desk


def test_the_schema_accepts_good_documents_and_refuses_bad_ones():
    import jsonschema
    import yaml

    schema = json_schema(Desk, title="desk")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(to_yaml(Desk(venues=[Venue("a")]))), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"intervall": "1s"}, schema)


def test_leaf_paths_are_the_keys_of_the_document():
    assert "directory" in set(leaf_paths(Desk))


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text):
    with contextlib.suppress(DocumentError):
        assert isinstance(read_text(text, Desk), Desk)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("0", 0), ("10", 10), ("1KB", 1024), ("2GiB", 2 << 30), ("3m", 3 << 20)],
)
def test_sizes_are_powers_of_1024(text, size_bytes):
    assert parse_size_bytes(text) == size_bytes
