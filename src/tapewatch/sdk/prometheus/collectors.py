"""What every process tells of itself: the process, the platform and the garbage collector."""

import gc
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tapewatch.sdk.prometheus.families import CounterMetricFamily, GaugeMetricFamily, Metric
from tapewatch.sdk.prometheus.registry import REGISTRY, CollectorRegistry

# Fields of /proc/PID/stat behind the name in parentheses.
_USER_TICKS, _SYSTEM_TICKS, _START_TICKS, _VIRTUAL_BYTES, _RESIDENT_PAGES = 11, 12, 19, 20, 21


class ProcessCollector:
    """CPU, memory and open files, as /proc tells them; nothing where there is none."""

    def __init__(
        self,
        namespace: str = "",
        pid: Callable[[], int | str] = lambda: "self",
        proc: str = "/proc",
        registry: CollectorRegistry | None = REGISTRY,
    ) -> None:
        self._prefix = f"{namespace}_process_" if namespace else "process_"
        self._pid = pid
        self._proc = Path(proc)
        if registry is not None:
            registry.register(self)

    def collect(self) -> list[Metric]:
        """The metrics of now."""
        folder = self._proc / str(self._pid()).strip()
        return [*self._usage(folder), *self._files(folder)]

    def _usage(self, folder: Path) -> Iterator[Metric]:
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            boot_s = _boot_s(self._proc / "stat")
        except OSError:
            return
        ticks = os.sysconf("SC_CLK_TCK")
        resident = float(fields[_RESIDENT_PAGES]) * os.sysconf("SC_PAGE_SIZE")
        cpu_s = (float(fields[_USER_TICKS]) + float(fields[_SYSTEM_TICKS])) / ticks
        begun_s = float(fields[_START_TICKS]) / ticks + boot_s
        yield self._gauge("virtual_memory_bytes", "Virtual memory.", float(fields[_VIRTUAL_BYTES]))
        yield self._gauge("resident_memory_bytes", "Memory that is held.", resident)
        yield self._gauge("start_time_seconds", "When the process began, in Unix time.", begun_s)
        name = f"{self._prefix}cpu_seconds_total"
        yield CounterMetricFamily(name, "CPU time of the user and the system.", cpu_s)

    def _files(self, folder: Path) -> Iterator[Metric]:
        try:
            limits = (folder / "limits").read_text().splitlines()
            count = sum(1 for _ in (folder / "fd").iterdir())
        except OSError:
            return
        yield self._gauge("open_fds", "Open files and connections.", count)
        for line in limits:
            if line.startswith("Max open files"):
                most = float(line.split()[3].replace("unlimited", "inf"))
                yield self._gauge("max_fds", "Open files and connections that are allowed.", most)

    def _gauge(self, name: str, documentation: str, value: float) -> Metric:
        return GaugeMetricFamily(self._prefix + name, documentation, value)


def _boot_s(path: Path) -> float:
    lines = path.read_text().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


class PlatformCollector:
    """Which Python runs."""

    def __init__(
        self, registry: CollectorRegistry | None = REGISTRY, platform: Any = platform
    ) -> None:
        major, minor, patch = platform.python_version_tuple()
        told = {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "major": major,
            "minor": minor,
            "patchlevel": patch,
        }
        self._metrics: list[Metric] = [_python_info(told)]
        if registry is not None:
            registry.register(self)

    def collect(self) -> Sequence[Metric]:
        """The metric, always the same."""
        return self._metrics


def _python_info(told: Mapping[str, str]) -> Metric:
    family = GaugeMetricFamily("python_info", "Python platform information", labels=list(told))
    family.add_metric(list(told.values()), 1)
    return family


_GENERATION_METRICS: Final = {
    "collected": ("python_gc_objects_collected", "Objects that were collected."),
    "uncollectable": ("python_gc_objects_uncollectable", "Objects that could not be collected."),
    "collections": ("python_gc_collections", "How often a generation was collected."),
}


class GCCollector:
    """What the garbage collector did, by generation."""

    def __init__(self, registry: CollectorRegistry | None = REGISTRY) -> None:
        if registry is not None:
            registry.register(self)

    def collect(self) -> list[Metric]:
        """The metrics of now."""
        families: list[Metric] = []
        stats = gc.get_stats()
        for field, (name, documentation) in _GENERATION_METRICS.items():
            family = CounterMetricFamily(name, documentation, labels=["generation"])
            for generation, told in enumerate(stats):
                family.add_metric([str(generation)], told[field])
            families.append(family)
        return families


PROCESS_COLLECTOR: Final = ProcessCollector()
PLATFORM_COLLECTOR: Final = PlatformCollector()
GC_COLLECTOR: Final = GCCollector()
