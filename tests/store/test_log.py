"""The log keeps what it acknowledged: through kills, power cuts, bad bytes and full disks."""

import threading

import pytest
from tests.faults import FaultyDisk

from tapewatch.store import log as logs
from tapewatch.store.disk import RealDisk
from tapewatch.store.errors import DiskFailed, DiskFull
from tapewatch.store.log import Damage, Frame, Log, read


def opened(folder, disk=None, **options):
    return Log(folder, disk or RealDisk(), interval_ms=1, **options)


def frames(folder, since=logs.START):
    return [
        (each.kind, bytes(each.payload)) for each in read(folder, since) if isinstance(each, Frame)
    ]


def damages(folder):
    return [each for each in read(folder) if isinstance(each, Damage)]


def test_frames_come_back_in_order(tmp_path):
    log = opened(tmp_path)
    log.append(1, [b"one"])
    log.append(2, [b"t", b"", b"wo"])
    log.close()
    assert frames(tmp_path) == [(1, b"one"), (2, b"two")]


def test_a_frame_is_with_the_system_before_append_returns(tmp_path):
    log = opened(tmp_path)
    log.append(1, [b"now"])
    assert frames(tmp_path) == [(1, b"now")]
    log.close()


def test_a_reopened_log_goes_on_in_a_new_file(tmp_path):
    for text in (b"a", b"b"):
        log = opened(tmp_path)
        log.append(1, [text])
        log.close()
    assert frames(tmp_path) == [(1, b"a"), (1, b"b")]


def test_files_are_cut_and_dropped_by_position(tmp_path):
    log = opened(tmp_path, file_max_bytes=100)
    for number in range(20):
        log.append(1, [bytes([number]) * 30])
    border = log.rotate()
    log.append(2, [b"after"])
    assert len(logs.file_numbers(tmp_path)) > 3
    log.drop_before(border)
    assert frames(tmp_path) == [(2, b"after")]
    assert frames(tmp_path, border) == [(2, b"after")]
    log.close()


def test_a_damaged_frame_costs_itself_alone(tmp_path):
    log = opened(tmp_path)
    for text in (b"first", b"second", b"third"):
        log.append(1, [text])
    log.close()
    (path,) = tmp_path.glob("*.log")
    data = bytearray(path.read_bytes())
    data[data.index(b"second")] ^= 1
    path.write_bytes(data)
    assert frames(tmp_path) == [(1, b"first"), (1, b"third")]
    (damage,) = damages(tmp_path)
    assert not damage.torn


@pytest.mark.parametrize("cut", range(1, 19))
def test_a_torn_end_is_no_damage_to_what_came_before(tmp_path, cut):
    log = opened(tmp_path)
    log.append(1, [b"first"])
    log.append(1, [b"second"])
    log.close()
    (path,) = tmp_path.glob("*.log")
    path.write_bytes(path.read_bytes()[:-cut])
    assert frames(tmp_path) == [(1, b"first")]
    assert all(damage.torn for damage in damages(tmp_path))


def test_garbage_of_any_kind_is_skipped(tmp_path):
    log = opened(tmp_path)
    log.append(1, [b"good"])
    log.close()
    (path,) = tmp_path.glob("*.log")
    path.write_bytes(b"TWf\x01" + b"\xff" * 40 + path.read_bytes() + b"\0" * 100)
    assert frames(tmp_path) == [(1, b"good")]


def test_power_loss_keeps_what_was_waited_for(tmp_path):
    disk = FaultyDisk()
    log = Log(tmp_path, disk, interval_ms=60_000)
    log.append(1, [b"synced"], durable=True)
    log.append(1, [b"not yet"])
    disk.lose_power()
    assert frames(tmp_path) == [(1, b"synced")]


def test_a_failed_sync_writes_again_elsewhere(tmp_path):
    disk = FaultyDisk()
    disk.failing_syncs = 1
    log = opened(tmp_path, disk)
    log.append(1, [b"kept"], durable=True)
    log.append(1, [b"next"], durable=True)
    log.close()
    disk.lose_power()
    assert frames(tmp_path)[-2:] == [(1, b"kept"), (1, b"next")]


def test_while_nothing_can_be_synced_nothing_is_taken(tmp_path):
    disk = FaultyDisk()
    disk.failing_syncs = 2
    log = opened(tmp_path, disk)
    with pytest.raises(DiskFailed, match="Input/output error"):
        log.append(1, [b"first"], durable=True)
    with pytest.raises(DiskFailed):
        log.append(1, [b"second"])
    log.close()
    assert (1, b"first") in frames(tmp_path)
    assert (1, b"second") not in frames(tmp_path)


def test_a_full_disk_refuses_the_frame_and_goes_on_when_there_is_room(tmp_path):
    disk = FaultyDisk()
    log = opened(tmp_path, disk)
    log.append(1, [b"before"])
    disk.room = 5
    with pytest.raises(DiskFull, match="make room, writing goes on by itself"):
        log.append(1, [b"too much"])
    disk.room = None
    log.append(1, [b"after"])
    log.close()
    assert frames(tmp_path) == [(1, b"before"), (1, b"after")]


def test_many_writers_share_few_syncs(tmp_path):
    log = Log(tmp_path, RealDisk(), interval_ms=20)

    def write(name):
        for _ in range(20):
            log.append(1, [name])

    threads = [threading.Thread(target=write, args=(bytes([65 + i]),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(frames(tmp_path)) == 160
    assert log.sync_count < 160


def test_a_log_whose_files_are_gone_does_not_take_their_numbers_again(tmp_path):
    log = opened(tmp_path)
    log.append(1, [b"old"])
    border = log.rotate()
    log.drop_before(border)
    log.close()
    again = Log(tmp_path, RealDisk(), since=border, interval_ms=1)
    again.append(1, [b"new"])
    again.close()
    assert frames(tmp_path, border) == [(1, b"new")]
