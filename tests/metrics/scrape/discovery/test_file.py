import asyncio
import json

import pytest

from tapewatch.metrics.scrape.discovery.file import FileDiscovery, FileSettings
from tapewatch.metrics.scrape.errors import DiscoveryFailed
from tapewatch.model.clock import ManualClock


def found(discovery):
    """Ask, and show addresses by source."""
    groups = asyncio.run(discovery.ask())
    return {each.source: [target["__address__"] for target in each.targets] for each in groups}


def discovery(folder, *names):
    return FileDiscovery(FileSettings(tuple(folder / name for name in names)), ManualClock())


def test_json_and_yaml_files_are_read_and_read_again(tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.yml"
    first.write_text(json.dumps([{"targets": ["a:1"], "labels": {"env": "prod"}}]))
    second.write_text("- targets: [b:1]\n- targets: [b:2]\n")
    looking = discovery(tmp_path, "*.json", "b.yml")
    assert found(looking) == {f"{first}:0": ["a:1"], f"{second}:0": ["b:1"], f"{second}:1": ["b:2"]}
    second.write_text("- targets: [b:11]\n")
    assert found(looking)[f"{second}:0"] == ["b:11"]
    first.unlink()
    assert list(found(looking)) == [f"{second}:0"]


def test_labels_tell_the_file(tmp_path):
    (tmp_path / "a.json").write_text('[{"targets": ["a:1"]}]')
    (group,) = asyncio.run(discovery(tmp_path, "a.json").ask())
    assert group.labels == {"__meta_filepath": str(tmp_path / "a.json")}


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "a.json: Expecting"), ("{}", "a.json: a list of target groups is expected")],
)
def test_a_broken_file_is_told_once_and_keeps_its_targets(tmp_path, text, words):
    file = tmp_path / "a.json"
    file.write_text('[{"targets": ["a:1"]}]')
    looking = discovery(tmp_path, "a.json")
    found(looking)
    file.write_text(text)
    with pytest.raises(DiscoveryFailed, match=words):
        found(looking)
    assert found(looking) == {f"{file}:0": ["a:1"]}


def test_an_empty_file_holds_no_targets(tmp_path):
    (tmp_path / "a.yml").write_text("")
    assert found(discovery(tmp_path, "a.yml")) == {}


def test_a_named_file_that_is_missing_is_told(tmp_path):
    with pytest.raises(DiscoveryFailed, match=r"a\.json does not exist"):
        found(discovery(tmp_path, "a.json"))
