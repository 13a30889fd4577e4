"""Which process this is, told so that it is not taken for another that got the same number."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys" / "kernel" / "random" / "boot_id"


class Identity(NamedTuple):
    """A process: a pid is used again, a pid and its start in one boot are not."""

    pid: int
    start_ticks: int
    boot_id: bytes
    namespace: int
    """Where the pid counts; containers have pids of their own."""

    @property
    def foreign(self) -> bool:
        """Whether it runs where its pid says nothing here: in a container, or the other way."""
        return self.boot_id == boot_id() and self.namespace != pid_namespace()

    @property
    def state(self) -> str:
        """The letter of the process's state (R, S, D, T, Z …), empty where it is gone."""
        told = _told(self.pid)
        alive = told and int(told[19]) == self.start_ticks and self.boot_id == boot_id()
        return told[0] if alive else ""


def own_identity() -> Identity:
    """Tell who is running this."""
    pid = os.getpid()
    told = _told(pid)
    return Identity(pid, int(told[19]) if told else 0, boot_id(), pid_namespace())


def pid_namespace() -> int:
    """Name the namespace that this process's pids count in; 0 where there are none."""
    try:
        return (_PROC / "self" / "ns" / "pid").stat().st_ino
    except OSError:
        return 0


@cache
def boot_id() -> bytes:
    """The 16 bytes that name this boot, which no process outlives; zeros where it has no name."""
    try:
        return bytes.fromhex(_BOOT_ID.read_text(encoding="ascii").replace("-", "").strip())
    except (OSError, ValueError):
        return bytes(16)


def writer_name() -> str:
    """What is writing, for a reader who wonders."""
    from tapewatch.version import VERSION

    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"tapewatch {VERSION}, {sys.implementation.name} {version}"


def _told(pid: int) -> list[str]:
    # The fields of /proc/PID/stat from the third on; the name before them may hold anything.
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
