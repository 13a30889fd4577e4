"""Targets from files that somebody else writes; a change is noticed within a second."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tapewatch.document.errors import DocumentError
from tapewatch.document.fields import option
from tapewatch.document.nodes import parse, plain
from tapewatch.document.types import DurationMs, FilePath
from tapewatch.metrics.scrape.discovery.groups import Changes, Polling, TargetGroup, read_groups
from tapewatch.metrics.scrape.errors import DiscoveryFailed, GroupsRefused
from tapewatch.model.clock import Clock

LOOK_MS: Final = 1_000
"""How often the files' times are looked at."""

_SUFFIXES: Final = frozenset({".json", ".yml", ".yaml"})


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Which files; the last part of a path may hold a ``*``."""

    files: tuple[FilePath, ...] = option("Paths; *.json, *.yml or *.yaml.")
    refresh_interval: DurationMs = option(
        "Every file is read again this often, changed or not.", default=300_000, low=1
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that the files can be read as what their names say."""
        if not self.files:
            yield "files", "names no file"
        for index, path in enumerate(self.files):
            if path.suffix not in _SUFFIXES or "*" in str(path.parent):
                message = f"{path} must end in .json, .yml or .yaml, with * in its last part only"
                yield f"files[{index}]", message


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was when it was last read."""

    stamp: tuple[int, int, int]
    groups: tuple[TargetGroup, ...]
    fault: str = ""


class FileDiscovery(Polling):
    """Reads files when they change; a file that cannot be read keeps its former targets."""

    mechanism = "file"

    def __init__(self, settings: FileSettings, clock: Clock) -> None:
        super().__init__(clock, min(settings.refresh_interval, LOOK_MS))
        self._settings = settings
        self._seen: dict[Path, _Seen] = {}
        self._read_ns = clock.monotonic_ns()

    async def ask(self) -> Changes:
        """Look at every file, on a thread because disks may be slow."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._read_ns >= self._settings.refresh_interval * 1_000_000:
            self._read_ns = now_ns
            self._seen = {p: _Seen((0, 0, 0), seen.groups) for p, seen in self._seen.items()}
        before = self._seen
        self._seen = await asyncio.to_thread(self._look, before)
        faults = [
            seen.fault for p, seen in self._seen.items() if seen.fault and seen != before.get(p)
        ]
        if faults:
            raise DiscoveryFailed(self.mechanism, "; ".join(faults))
        return [group for seen in self._seen.values() for group in seen.groups]

    def _look(self, before: dict[Path, _Seen]) -> dict[Path, _Seen]:
        paths = sorted({path for named in self._settings.files for path in _expand(named)})
        return {path: _seen(path, before.get(path)) for path in paths}


def _expand(named: Path) -> list[Path]:
    return list(named.parent.glob(named.name)) if "*" in named.name else [named]


def _seen(path: Path, before: _Seen | None) -> _Seen:
    former = before.groups if before else ()
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if before is not None and before.stamp == stamp:
            return before
        return _Seen(stamp, tuple(_read(path)))
    except FileNotFoundError:
        return _Seen((0, 0, 0), (), f"{path} does not exist")
    except OSError as fault:
        return _Seen((0, 0, 0), former, f"{path} cannot be read: {fault.strerror}")
    except DocumentError as fault:
        return _Seen(stamp, former, str(fault))
    except (GroupsRefused, ValueError) as fault:
        return _Seen(stamp, former, f"{path}: {fault}")


def _read(path: Path) -> list[TargetGroup]:
    data = path.read_bytes()
    document: Any = json.loads(data) if path.suffix == ".json" else _yaml(data, path)
    return read_groups(document, str(path), {"__meta_filepath": str(path)})


def _yaml(data: bytes, path: Path) -> Any:
    document = plain(parse(data, file=str(path)))
    return document or None
