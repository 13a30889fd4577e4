"""
The write-ahead log: frames in numbered files, written at once, synced in groups.

A frame is handed to the operating system before ``append`` returns, so killing the process loses
nothing; a thread of the log syncs what came since the last time, every ``interval_ms``, so a power
loss loses at most that. Every frame carries its checksum. Reading skips a damaged frame, reports
it, and goes on with the next whole one. The bytes are drawn in ``docs/format.md``.
"""

import logging
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tapewatch.model.hashing import crc32c
from tapewatch.store.disk import Buffer, Disk, File, map_file
from tapewatch.store.errors import DiskFailed, StoreError

log = logging.getLogger(__name__)

FILE_MAX_BYTES: Final = 64 * 1024 * 1024
FRAME_MAX_BYTES: Final = 1 << 30
RETRY_SECONDS: Final = 0.5
_MARK: Final = b"TWf\x01"
_HEAD: Final = struct.Struct("<4sIIB")
"""The mark, the payload's length, the checksum of kind and payload, the kind."""
_SUFFIX: Final = ".log"


class Position(NamedTuple):
    """A place in the log: everything before it was written earlier."""

    file: int
    offset: int


START: Final = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry, as it was appended."""

    position: Position
    kind: int
    payload: memoryview


@dataclass(frozen=True, slots=True)
class Damage:
    """A piece of the log that cannot be read."""

    path: Path
    offset: int
    length: int
    torn: bool
    """Whether it is the last write before a crash, which is no loss of anything acknowledged."""


class Log:
    """The log of one folder, open for appending; one writer."""

    def __init__(
        self,
        folder: Path,
        disk: Disk,
        *,
        since: Position = START,
        interval_ms: int = 100,
        file_max_bytes: int = FILE_MAX_BYTES,
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._interval_seconds = interval_ms / 1000
        self._file_max_bytes = file_max_bytes
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        # Files before ``since`` may be gone already; a new one must not take their place.
        self._number = max([*file_numbers(folder), since.file - 1, 0])
        self._file: File | None = None
        self._retired: list[File] = []
        self._unsynced: list[list[Buffer]] = []
        self._appended = self._durable = 0
        self._closing = self._syncing = False
        self.last_error: str | None = None
        self.sync_count = 0
        self.sync_seconds = 0.0
        self._thread = threading.Thread(target=self._commit_forever, name="log", daemon=True)
        self._thread.start()

    @property
    def position(self) -> Position:
        """Where the next frame will stand."""
        with self._lock:
            return Position(self._number, self._file.size) if self._file else self._next_file()

    def append(self, kind: int, parts: Sequence[Buffer], *, durable: bool = False) -> None:
        """
        Write one frame; with ``durable`` wait until it survives a power loss.

        The parts must not change until they are synced: they are written again to a new file when
        a sync fails.
        """
        with self._lock:
            if self.last_error is not None:
                raise DiskFailed(self._folder, self.last_error)
            frame = _framed(kind, parts)
            self._write(frame)
            self._unsynced.append(frame)
            self._appended += 1
            ticket = self._appended
            self._changed.notify_all()
            if durable:
                self._wait(ticket)

    def sync(self) -> None:
        """Return when everything appended so far survives a power loss."""
        with self._lock:
            self._wait(self._appended)

    def rotate(self) -> Position:
        """Begin a new file; returns its start. What was appended before it is synced later."""
        with self._lock:
            self._retire_file()
            return self._next_file()

    def drop_before(self, position: Position) -> None:
        """Remove the files that lie wholly before ``position``."""
        for number in file_numbers(self._folder):
            if number < position.file:
                self._disk.remove(_path(self._folder, number))

    def close(self) -> None:
        """Sync and end."""
        with self._lock:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        for file in (*self._retired, *((self._file,) if self._file is not None else ())):
            file.close()
        self._file = None

    def _write(self, frame: list[Buffer]) -> None:
        if self._file is not None and self._file.size >= self._file_max_bytes:
            self._retire_file()
        file = self._file if self._file is not None else self._open_next()
        file.write(frame)

    def _next_file(self) -> Position:
        return Position(self._number + 1, 0)

    def _open_next(self) -> File:
        self._file = file = self._disk.create(_path(self._folder, self._number + 1))
        self._number += 1
        self._disk.sync_folder(self._folder)
        return file

    def _retire_file(self) -> None:
        """Leave the file to the thread, which syncs and closes it."""
        if self._file is not None:
            self._retired.append(self._file)
            self._file = None

    def _wait(self, ticket: int) -> None:
        """Wait, lock held, until frame number ``ticket`` is durable."""
        while self._durable < ticket:
            if self.last_error is not None:
                raise DiskFailed(self._folder, self.last_error)
            if not self._thread.is_alive():
                raise DiskFailed(self._folder, "the thread that syncs the log has died")
            self._changed.wait(timeout=0.5)

    def _commit_forever(self) -> None:
        while True:
            with self._lock:
                while self._durable == self._appended and not self._closing:
                    self._changed.wait()
                if self._durable == self._appended:
                    return
            self._commit()
            pause = self._interval_seconds if self.last_error is None else RETRY_SECONDS
            with self._lock:
                self._changed.wait_for(lambda: self._closing, pause)
            if self._closing and self.last_error is not None:
                return

    def _commit(self) -> None:
        """Sync without holding the lock, so that appending goes on meanwhile."""
        with self._lock:
            retired, file = self._retired, self._file
            self._retired = []
            upto, count = self._appended, len(self._unsynced)
            self._syncing = True
        began = time.perf_counter()
        fault: StoreError | None = None
        try:
            for each in (*retired, *((file,) if file is not None else ())):
                each.sync()
        except StoreError as failed:
            fault = failed
        for each in retired:
            each.close()
        with self._lock:
            self._syncing = False
            if fault is not None:
                self._recover(fault)
            else:
                self._settle(upto, count, time.perf_counter() - began)

    def _settle(self, upto: int, count: int, seconds: float) -> None:
        if upto > self._durable:
            del self._unsynced[:count]
            self._durable = upto
        self.last_error = None
        self.sync_count += 1
        self.sync_seconds += seconds
        self._changed.notify_all()

    def _recover(self, fault: StoreError) -> None:
        """
        Write what was not synced once more, to a new file.

        After a failed sync the kernel may have forgotten the pages, so trying the same file again
        would report success for data that is gone.
        """
        self.last_error = str(fault)
        self._changed.notify_all()
        log.error("sync failed, writing again to a new file", extra={"fault": str(fault)})
        if self._file is not None:
            self._file.close()
        try:
            file = self._open_next()
            for frame in self._unsynced:
                file.write(frame)
            file.sync()
        except StoreError as again:
            self.last_error = str(again)
            return
        self._settle(self._appended, len(self._unsynced), 0.0)


def read(folder: Path, since: Position = START) -> Iterator[Frame | Damage]:
    """Read every whole frame from ``since`` on; what cannot be read is reported in between."""
    numbers = [number for number in file_numbers(folder) if number >= since.file]
    for number in numbers:
        offset = since.offset if number == since.file else 0
        yield from _read_file(_path(folder, number), number, offset, last=number == numbers[-1])


def file_numbers(folder: Path) -> list[int]:
    """List the numbers of the log's files."""
    return sorted(int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def _read_file(path: Path, number: int, offset: int, *, last: bool) -> Iterator[Frame | Damage]:
    data = map_file(path)
    while offset < len(data):
        frame = _frame_at(data, number, offset)
        if frame is not None:
            yield frame
            offset += _HEAD.size + len(frame.payload)
            continue
        following = _find_frame(data, number, offset + 1)
        torn = last and following == len(data)
        yield Damage(path, offset, following - offset, torn)
        offset = following


def _frame_at(data: memoryview, number: int, offset: int) -> Frame | None:
    if offset + _HEAD.size > len(data):
        return None
    mark, length, checksum, kind = _HEAD.unpack_from(data, offset)
    begin = offset + _HEAD.size
    if mark != _MARK or length > FRAME_MAX_BYTES or begin + length > len(data):
        return None
    payload = data[begin : begin + length]
    if crc32c(payload, crc32c(bytes((kind,)))) != checksum:
        return None
    return Frame(Position(number, offset), kind, payload)


def _find_frame(data: memoryview, number: int, offset: int) -> int:
    """Return where the next whole frame begins, or the end."""
    whole = bytes(data[offset:])
    at = whole.find(_MARK)
    while at >= 0:
        if _frame_at(data, number, offset + at) is not None:
            return offset + at
        at = whole.find(_MARK, at + 1)
    return len(data)


def _framed(kind: int, parts: Sequence[Buffer]) -> list[Buffer]:
    checksum = crc32c(bytes((kind,)))
    length = 0
    views: list[Buffer] = []
    for part in parts:
        view = memoryview(part).cast("B")
        checksum = crc32c(view, checksum)
        length += view.nbytes
        views.append(view)
    return [_HEAD.pack(_MARK, length, checksum, kind), *views]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}{_SUFFIX}"
