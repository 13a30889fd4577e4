"""``tapewatch data check`` finds what is wrong with a database at rest."""

import pytest
from tests.metrics.storage.test_database import loose, names, opened, row

from tapewatch.metrics.storage.examine import examine


@pytest.fixture
def folder(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend(names(3))
    lane.append(row(0, 1, 2, 3))
    database.seal()
    lane.append(row(5, 1, 2, 3))
    loose(database, names(1, "late"), [(0, 5, 1.0)])
    loose(database, names(1, "late"), [(0, 6, 1.0)])
    database.close()
    return tmp_path


def flip(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def test_a_sound_database_has_nothing_wrong(folder):
    assert list(examine(folder)) == []


def test_a_changed_page_is_found(folder):
    flip(folder / "00000001.tape", 12)
    (told,) = examine(folder)
    assert "00000001.tape is damaged: page 0 at byte 8 fails its checksum" in told


def test_a_changed_frame_is_found(folder):
    (path,) = (folder / "rows").glob("*.log")
    flip(path, 60)
    (told,) = examine(folder)
    assert told.startswith(f"rows/{path.name} at byte ")


def test_missing_and_strange_files_are_found(folder):
    (folder / "00000001.tape").rename(folder / "00000077.tape")
    told = list(examine(folder))
    assert "00000001.tape is missing: restore it from a snapshot" in told
    assert "00000077.tape is named by no manifest; the next start removes it" in told


def test_a_damaged_manifest_is_told(folder):
    (folder / "MANIFEST").write_text("{")
    (told,) = examine(folder)
    assert "it is not a manifest" in told
