"""
The last state of processes that died, kept on disk as it was.

A region in shared memory is gone after the next few starts or the next boot. So the file of a
process that died without a word is copied, once, without its empty pages, and can be read by every
verb that reads regions. The folder has a bound in files and in bytes; the oldest copies go first.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tapewatch.sdk.region.file import SUFFIX

if TYPE_CHECKING:
    from tapewatch.agent.process import Process

log = logging.getLogger(__name__)

KEPT_MAX: Final = 64
KEPT_MAX_BYTES: Final = 256 * 1024 * 1024
_PIECE_BYTES: Final = 4096
_PIECES_AT_ONCE: Final = 256
_EMPTY: Final = bytes(_PIECE_BYTES)


class PostMortems:
    """A folder of last states."""

    def __init__(
        self, folder: Path, *, kept_max: int = KEPT_MAX, kept_max_bytes: int = KEPT_MAX_BYTES
    ) -> None:
        self.folder = folder
        self.last_error = ""
        self.kept = 0
        self._kept_max = kept_max
        self._kept_max_bytes = kept_max_bytes

    def keep(self, process: "Process") -> Path | None:
        """Copy what a process has left; the same process is not copied twice."""
        reader, head = process.reader, process.head
        if reader is None or head is None:
            return None
        name = f"{process.path.name.removesuffix(SUFFIX)}-{head.identity.start_ticks}{SUFFIX}"
        path = self.folder / name
        try:
            if not path.exists():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._copy(process, head.fields["region_bytes"], path)
                self._tidy(path)
                self.kept += 1
                told = {"service": head.service, "instance": head.instance, "kept": str(path)}
                log.warning("a process died, its last state is kept", extra=told)
        except OSError as error:
            self.last_error = f"{path}: {error.strerror or error}"
            log.error("a last state cannot be kept", extra={"fault": self.last_error})  # noqa: TRY400  # the fault is the whole story
            return None
        return path

    def _copy(self, process: "Process", size: int, path: Path) -> None:
        assert process.reader is not None
        begun = path.with_suffix(".part")
        descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.truncate(descriptor, size)
            piece = bytearray(_PIECE_BYTES * _PIECES_AT_ONCE)
            for at in range(0, size, len(piece)):
                view = memoryview(piece)[: min(len(piece), size - at)]
                process.reader.fill(at, view)
                _write_filled(descriptor, at, view)
        except BaseException:
            begun.unlink()
            raise
        finally:
            os.close(descriptor)
        begun.replace(path)

    def _tidy(self, newest: Path) -> None:
        """Remove the oldest copies that are over the bound."""
        copies = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
        told = [(path, path.stat().st_blocks * 512) for path in copies]
        size_bytes, count = sum(size for _, size in told), len(told)
        for path, size in told:
            if (size_bytes <= self._kept_max_bytes and count <= self._kept_max) or path == newest:
                break
            with suppress(OSError):
                path.unlink()
            size_bytes, count = size_bytes - size, count - 1


def _write_filled(descriptor: int, at: int, data: memoryview) -> None:
    """Write the pages that hold something; the others stay holes."""
    for begin in range(0, len(data), _PIECE_BYTES):
        page = data[begin : begin + _PIECE_BYTES]
        if page != _EMPTY[: len(page)]:
            os.pwrite(descriptor, page, at + begin)
