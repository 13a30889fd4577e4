"""What the process itself costs: processor time, memory, open files, age."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tapewatch.model.compiled import chosen_twins
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.version import VERSION

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def families(started_ns: int) -> Iterator[Family]:
    """Yield the process metrics under the names that every Prometheus client uses."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    yield counter("process_cpu_seconds_total", "Processor time spent.", cpu)
    yield gauge("process_start_time_seconds", "When the process began.", started_ns / 1e9)
    yield from _memory()
    yield from _files()
    yield gauge(
        "tapewatch_build_info",
        "The version that runs, always 1.",
        1,
        Labels.of(
            version=VERSION,
            python=".".join(map(str, sys.version_info[:3])),
            core="pure" if "pure" in chosen_twins().values() else "compiled",
        ),
    )


def _memory() -> Iterator[Family]:
    try:
        pages = Path("/proc/self/statm").read_text().split()
    except OSError:
        return  # Only Linux tells; elsewhere the metric is absent rather than wrong.
    virtual, resident = int(pages[0]) * _PAGE_BYTES, int(pages[1]) * _PAGE_BYTES
    yield gauge("process_virtual_memory_bytes", "Address space taken.", virtual)
    yield gauge("process_resident_memory_bytes", "Memory held.", resident)


def _files() -> Iterator[Family]:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield gauge("process_max_fds", "How many files may be open.", limit)
    try:
        count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # Names only; no Path objects for a count.
    except OSError:
        return
    yield gauge("process_open_fds", "How many files are open.", count)
