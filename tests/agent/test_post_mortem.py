from tests.agent.seen import one

from tapewatch.agent.post_mortem import PostMortems
from tapewatch.sdk import instruments
from tapewatch.sdk.region.reader import Reader


def kept_of(regions, folder, **bounds):
    post_mortems = PostMortems(folder, **bounds)
    process = one(regions).process
    return post_mortems, process


def test_the_copy_is_what_was_there_and_takes_little_room(make, regions, tmp_path):
    home = make()
    instruments.Counter("orders_total", "O", registry=home).bind().inc(3)
    post_mortems, process = kept_of(regions, tmp_path / "kept")
    path = post_mortems.keep(process)
    assert path.read_bytes() == process.path.read_bytes()
    assert path.stat().st_blocks * 512 < path.stat().st_size / 2
    assert path.stat().st_mode & 0o777 == 0o600
    with Reader(path) as reader:
        snapshot = reader.snapshot()
        assert [snapshot.number(each) for each in snapshot.series] == [3]


def test_one_process_is_kept_once(make, regions, tmp_path):
    make()
    post_mortems, process = kept_of(regions, tmp_path)
    assert post_mortems.keep(process) == post_mortems.keep(process)
    assert post_mortems.kept == 1


def test_the_oldest_copies_make_room(make, regions, tmp_path):
    for number in range(3):
        (tmp_path / f"old-{number}.region").write_bytes(b"x" * 4096)
    make()
    post_mortems, process = kept_of(regions, tmp_path, kept_max=2)
    newest = post_mortems.keep(process)
    left = sorted(path.name for path in tmp_path.glob("*.region"))
    assert len(left) == 2
    assert newest.name in left


def test_a_folder_that_cannot_be_written_is_told_and_ends_nothing(make, regions, tmp_path):
    make()
    (tmp_path / "file").write_text("in the way")
    post_mortems, process = kept_of(regions, tmp_path / "file" / "kept")
    assert post_mortems.keep(process) is None
    assert "Not a directory" in post_mortems.last_error
