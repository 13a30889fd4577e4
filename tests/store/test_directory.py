"""The data directory belongs to one process, and to a version that can read it."""

import os
import signal
import subprocess
import sys

import pytest

from tapewatch.store import directory
from tapewatch.store.directory import DataDirectory
from tapewatch.store.errors import DirectoryForeign, DirectoryInUse, DirectoryUnusable


def opened(path):
    return DataDirectory.open(path, now_ns=1_700_000_000_000_000_000, writer="test")


def test_a_new_directory_gets_an_identity_that_stays(tmp_path):
    with opened(tmp_path / "d") as first:
        identity = first.identity
    with opened(tmp_path / "d") as again:
        assert again.identity == identity


def test_two_processes_cannot_share_a_directory(tmp_path):
    with opened(tmp_path), pytest.raises(DirectoryInUse, match=f"in use by process {os.getpid()}"):
        opened(tmp_path)


def test_a_killed_process_leaves_no_lock(tmp_path):
    code = (
        "import sys, time; from tapewatch.store.directory import DataDirectory as D; from pathlib "
        "import Path; D.open(Path(sys.argv[1]), now_ns=0, writer='x'); print('in'); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, bufsize=0
    )
    with holder:
        assert holder.stdout.readline() == b"in\n"
        assert directory.holder_of(tmp_path) == f"process {holder.pid}"
        holder.send_signal(signal.SIGKILL)
    opened(tmp_path).close()


def test_a_directory_of_someone_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DirectoryForeign, match=r"not ours \(it holds thesis.txt\)"):
        opened(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} <= {"thesis.txt", "LOCK"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "damaged"), ('{"layout": 1}', "damaged"), ("[]", "damaged")],
)
def test_a_damaged_identity_is_not_overwritten(tmp_path, text, reason):
    (tmp_path / "TAPEWATCH").write_text(text)
    with pytest.raises(DirectoryForeign, match=reason):
        opened(tmp_path)
    assert (tmp_path / "TAPEWATCH").read_text() == text


def test_a_later_layout_is_refused_with_its_writer(tmp_path):
    told = '{"layout": 99, "id": "x", "created": "y", "writer": "tapewatch 9.0"}'
    (tmp_path / "TAPEWATCH").write_text(told)
    with pytest.raises(DirectoryForeign, match=r"layout 99 \(written by tapewatch 9.0\)"):
        opened(tmp_path)


def test_a_first_start_that_was_killed_starts_again(tmp_path):
    (tmp_path / "LOCK").write_text("")
    (tmp_path / "TAPEWATCH.new").write_text('{"lay')
    opened(tmp_path).close()


def test_a_path_that_cannot_be_a_directory_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryUnusable, match=r"Not a directory|File exists"):
        opened(tmp_path / "file" / "d")


def test_a_report_counts_what_each_folder_holds(tmp_path):
    with opened(tmp_path) as data:
        (data.folder("metrics") / "a").write_bytes(b"12345")
        report = directory.inspect(tmp_path)
    (folder,) = report.folders
    assert (folder.name, folder.file_count, folder.size_bytes) == ("metrics", 1, 5)
    assert report.in_use_by == f"process {os.getpid()}"


def test_leftovers_are_found_by_a_check(tmp_path):
    with opened(tmp_path) as data:
        (data.folder("metrics") / "x.new").write_bytes(b"")
    (told,) = directory.check(tmp_path, {"metrics": lambda _folder: iter(())})
    assert told.startswith("metrics/x.new was left by a write that did not finish")
