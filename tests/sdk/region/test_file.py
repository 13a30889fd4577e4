import ctypes
import os
import resource
import stat
import subprocess
import sys

import pytest

from tapewatch.sdk.errors import RegionUnusable
from tapewatch.sdk.region.file import Place, create, file_system, prepare_folder, sealable
from tapewatch.sdk.region.identity import own_identity
from tapewatch.sdk.region.layout import HEADER, MAGIC
from tapewatch.sdk.region.remains import remove_remains

SIZE = 1 << 20


def make(place, stem="desk-1", size=SIZE):
    prepare_folder(place)
    return create(place, stem, size)


def test_a_region_is_allocated_in_full_for_its_user_alone(shared_folder):
    place = Place(shared_folder / "regions", on_disk=True)
    file = make(place)
    told = file.path.stat()
    assert told.st_size == SIZE
    assert told.st_blocks * 512 >= SIZE
    assert stat.S_IMODE(told.st_mode) == 0o600
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    os.close(file.descriptor)


def test_a_name_that_is_taken_gets_a_number(shared_folder):
    place = Place(shared_folder, on_disk=True)
    files = [make(place), make(place)]
    assert [file.path.name for file in files] == ["desk-1.region", "desk-1-1.region"]
    for file in files:
        os.close(file.descriptor)


def test_a_folder_that_others_may_write_to_is_refused(shared_folder):
    shared_folder.chmod(0o755)
    with pytest.raises(RegionUnusable, match=r"does not belong to this user alone.*chmod 700"):
        make(Place(shared_folder))


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(RegionUnusable, match="does not belong to this user alone"):
        make(Place(tmp_path / "link", on_disk=True))


def test_a_folder_on_a_disk_is_refused_unless_accepted(tmp_path):
    if file_system(tmp_path) in {"tmpfs", "ramfs"}:
        pytest.skip("temporary files are in memory here")
    folder = tmp_path / "regions"
    with pytest.raises(RegionUnusable, match=r"a store can wait for a disk.*ON_DISK=1"):
        make(Place(folder))
    os.close(make(Place(folder, on_disk=True)).descriptor)


@pytest.mark.skipif(not sealable(), reason="this system has no sealed files")
def test_a_sealed_region_cannot_be_cut_off(shared_folder):
    file = make(Place(shared_folder, sealed=True))
    with pytest.raises(PermissionError):
        os.ftruncate(file.descriptor, 0)
    with pytest.raises(PermissionError):
        os.truncate(file.path, 0)
    assert file.path.is_symlink()
    assert file.path.stat().st_size == SIZE
    os.close(file.descriptor)


def test_a_limit_on_file_sizes_is_a_clear_error(shared_folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(RegionUnusable, match=r"it takes 1,048,576 bytes.*ulimit -f"):
            make(Place(shared_folder, on_disk=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(shared_folder.iterdir()) == []


@pytest.fixture
def tiny_tmpfs(tmp_path):
    libc = ctypes.CDLL(None, use_errno=True)
    folder = tmp_path / "tiny"
    folder.mkdir(mode=0o700)
    if libc.mount(b"tapewatch", bytes(folder), b"tmpfs", 0, b"size=64k,mode=700"):
        pytest.skip("mounting needs rights that this test does not have")
    yield folder
    libc.umount2(bytes(folder), 2)


def test_a_full_tmpfs_is_a_clear_error_at_the_start(tiny_tmpfs):
    with pytest.raises(RegionUnusable, match=r"No space left.*it takes 1,048,576 bytes.*shm-size"):
        make(Place(tiny_tmpfs))
    assert list(tiny_tmpfs.iterdir()) == []


def leave(folder, name, **header):
    path = folder / f"{name}.region"
    path.write_bytes(HEADER.pack(magic=MAGIC, **header))
    return path


def test_what_the_dead_left_goes_but_for_the_newest(shared_folder):
    own = own_identity()
    here = {"boot_id": own.boot_id, "pid_namespace": own.namespace}
    dead = [
        leave(shared_folder, f"dead{n}", pid=own.pid, process_start_ticks=n, **here)
        for n in range(4)
    ]
    for age, path in enumerate(dead):
        os.utime(path, ns=(age, age))
    alive = leave(shared_folder, "alive", pid=own.pid, process_start_ticks=own.start_ticks, **here)
    elsewhere = leave(shared_folder, "elsewhere", pid=1, boot_id=own.boot_id, pid_namespace=1)
    other = shared_folder / "other.region"
    other.write_bytes(b"not ours")
    dangling = shared_folder / "sealed.region"
    dangling.symlink_to("/proc/0/fd/3")
    assert remove_remains(shared_folder, keep=2) == 3
    assert set(shared_folder.iterdir()) == {dead[3], dangling, alive, elsewhere, other}


def test_a_place_filled_by_the_dead_is_used_again(tiny_tmpfs):
    program = """
import sys
from pathlib import Path
from tapewatch.sdk.region.file import Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start
small = Sections(4096, 4096, 1, 1, 64)
home = Registry({})
home.start(Start("desk", "one", Place(Path(sys.argv[1])), small))
"""
    for _ in range(6):
        subprocess.run([sys.executable, "-c", program, str(tiny_tmpfs)], check=True)
