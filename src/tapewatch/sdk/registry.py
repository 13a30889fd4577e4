"""
The instruments of a process and the region that they write to.

The region is made when the first instrument is bound, or by ``start``. A start that was asked for
fails loudly; one that just came about warns once and goes on in private memory, because a trading
process must not end for want of a place for its numbers.
"""

import os
import sys
import warnings
import weakref
from _thread import RLock
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tapewatch.sdk.errors import RegionUnusable
from tapewatch.sdk.region.cells import GUARDED, Ring
from tapewatch.sdk.region.error_log import ErrorLog
from tapewatch.sdk.region.file import Place, default_folder, sealable
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.region.region import Region

if TYPE_CHECKING:
    from tapewatch.sdk.instruments import Instrument

_YES: Final = {"1", "true", "yes", "on"}


class Start(NamedTuple):
    """How a region is to be made."""

    service: str
    instance: str
    place: Place
    sections: Sections = Sections()


class Status(NamedTuple):
    """What became of the region."""

    path: Path | None
    """Where readers find it; None while the numbers go to private memory."""

    lost: bool
    """Whether the file was cut off by somebody, so that nobody reads the numbers any more."""

    last_error: RegionUnusable | None
    """Why there is no file, where one was wanted."""


class _Made(NamedTuple):
    ring: Ring
    errors: ErrorLog


class Registry:
    """Everything that was declared, by name."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.lock = RLock()
        self.last_error: RegionUnusable | None = None
        self._environment = os.environ if environment is None else environment
        self._instruments: dict[str, Instrument[Any]] = {}
        self._region: Region | None = None
        self._start: Start | None = None
        self._beside: _Made | None = None
        _registries.add(self)

    @property
    def region(self) -> Region:
        """The region, made now if it is not there yet."""
        return self._region or self._region_by_default()

    @property
    def ring(self) -> Ring:
        """The event ring of the region."""
        return self._made(self.region).ring

    @property
    def errors(self) -> ErrorLog:
        """The log of distinct errors of the region."""
        return self._made(self.region).errors

    def _made(self, region: Region) -> "_Made":
        # Made with the region, so that the first error does not load anything.
        if self._beside is None:
            from tapewatch.sdk.redaction import Redactor

            # An error's words may hold what must not leave the process.
            log = ErrorLog(region.memory, Redactor().text)
            self._beside = _Made(Ring(region.memory), log)
        return self._beside

    def find(self, name: str) -> "Instrument[Any] | None":
        """The instrument of that name."""
        return self._instruments.get(name)

    def add(self, instrument: "Instrument[Any]") -> None:
        """Keep an instrument under its name."""
        self._instruments[instrument.name] = instrument

    def forget(self, name: str) -> None:
        """Let another instrument take the name; handles of the one before go on."""
        self._instruments.pop(name, None)

    def defaults(self) -> Start:
        """What the environment asks for."""
        told = self._environment
        folder = told.get("TAPEWATCH_REGION_FOLDER")
        sealed = told.get("TAPEWATCH_REGION_SEALED")
        return Start(
            service=told.get("TAPEWATCH_SERVICE") or _program(),
            instance=told.get("TAPEWATCH_INSTANCE") or f"{os.uname().nodename}:{os.getpid()}",
            place=Place(
                Path(folder) if folder else default_folder(),
                on_disk=told.get("TAPEWATCH_REGION_ON_DISK", "").lower() in _YES,
                # Without the guard a file that is cut off would kill; a sealed one cannot be.
                sealed=sealed.lower() in _YES if sealed else not GUARDED and sealable(),
            ),
        )

    def start(self, wanted: Start) -> Region:
        """Make the region, or call the one that is there by these names."""
        with self.lock:
            region = self._region or Region(wanted.sections, wanted.service, wanted.instance)
            self._region, self._start = region, wanted
            if (region.service, region.instance) != (wanted.service, wanted.instance):
                region.rename(wanted.service, wanted.instance)
            if region.file is None:
                self._open(region, wanted)
            self._made(region)
            return region

    def _open(self, region: Region, wanted: Start) -> None:
        try:
            region.open(wanted.place)
        except RegionUnusable as error:
            self.last_error = error
            raise
        self.last_error = None

    def _region_by_default(self) -> Region:
        with self.lock:
            return self._region or self._first_region(self.defaults())

    def _first_region(self, wanted: Start) -> Region:
        self._start = wanted
        region = self._region = Region(wanted.sections, wanted.service, wanted.instance)
        if self._environment.get("TAPEWATCH_REGION", "").lower() != "off":
            try:
                self._open(region, wanted)
            except RegionUnusable as error:
                warnings.warn(f"the numbers of this process are not read: {error}", stacklevel=6)
        self._made(region)
        return region

    def stop(self) -> None:
        """Say that the process ends on purpose; handles go on, unread."""
        with self.lock:
            if self._region is not None and self._region.file is not None:
                self._region.close()

    def status(self) -> Status:
        """Tell what became of the region."""
        region = self._region
        path = region.file.path if region is not None and region.file is not None else None
        return Status(path, region is not None and region.memory.lost, self.last_error)

    def beat(self) -> None:
        """Say that the process runs; make the file again if somebody cut it off."""
        region = self.region
        if region.memory.lost:
            self._renew(region)
        region.beat()

    def begin_fork(self) -> None:
        """Let no thread be amid a change while the process is copied."""
        self.lock.acquire()

    def end_fork_in_parent(self) -> None:
        """Go on."""
        self.lock.release()

    def end_fork_in_child(self) -> None:
        """Go on as another process: the same instruments at zero, in a file of its own."""
        self.lock = RLock()
        region = self._region
        if region is None or region.file is None or self._start is None:
            return
        region.instance = _instance_of_child(self._start.instance)
        self._renew(region)

    def _renew(self, region: Region) -> None:
        assert self._start is not None
        try:
            region.open_anew(self._start.place)
        except RegionUnusable as error:
            # The numbers go on in private memory, and ``status`` tells.
            self.last_error = error


_registries: "weakref.WeakSet[Registry]" = weakref.WeakSet()


def _begin_fork() -> None:
    for registry in _registries:
        registry.begin_fork()


def _end_fork_in_parent() -> None:
    for registry in _registries:
        registry.end_fork_in_parent()


def _end_fork_in_child() -> None:
    for registry in _registries:
        registry.end_fork_in_child()


os.register_at_fork(
    before=_begin_fork,
    after_in_parent=_end_fork_in_parent,
    after_in_child=_end_fork_in_child,
)


def _instance_of_child(instance: str) -> str:
    stem, separator, number = instance.rpartition(":")
    if separator and number == str(os.getppid()):
        return f"{stem}:{os.getpid()}"
    return f"{instance}/{os.getpid()}"


def _program() -> str:
    return Path(sys.argv[0]).stem or "python" if sys.argv else "python"
