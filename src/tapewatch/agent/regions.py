"""
The processes whose regions lie in some folders: who is there, who came, who ended.

``look`` is for once a second: it reads folders, and how every process is. ``read`` is for every
sampling: it takes the numbers of those that run. A process that ended is read once more, because it
may have counted after the last sampling, and is shown for a while.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tapewatch.agent.finding import FileKey, Found, allow_many_files, find
from tapewatch.agent.frame import Reading
from tapewatch.agent.post_mortem import PostMortems
from tapewatch.agent.process import Process
from tapewatch.model.clock import Clock
from tapewatch.sdk.region.reader import Standing

SHOWN_NS: Final = 15 * 60 * 1_000_000_000
"""A process that died is shown for so long."""
CLOSED_SHOWN_NS: Final = 60 * 1_000_000_000
"""One that ended on purpose is shown for less: nobody has to be told."""


class Read(NamedTuple):
    """A process, its numbers, and whether they are the last ones."""

    process: Process
    reading: Reading | None
    last: bool


class Regions:
    """Everything that is seen in some folders."""

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        clock: Clock,
        post_mortems: PostMortems | None = None,
    ) -> None:
        self.folders = folders
        self.post_mortems = post_mortems
        self._clock = clock
        self._processes: dict[FileKey, Process] = {}
        self._running: dict[FileKey, Process] = {}
        allow_many_files()

    def __iter__(self) -> Iterator[Process]:
        return iter(self._processes.values())

    def __len__(self) -> int:
        return len(self._processes)

    @property
    def running(self) -> Sequence[Process]:
        """The processes that are read."""
        return tuple(self._running.values())

    def shown(self) -> list[Process]:
        """The processes to tell of; of several by one name the one that runs."""
        by_name = {(each.service, each.instance): each for each in self if self._is_fresh(each)}
        by_name |= {(each.service, each.instance): each for each in self.running}
        return list(by_name.values())

    def _is_fresh(self, process: Process) -> bool:
        limit_ns = SHOWN_NS if process.standing is Standing.DEAD else CLOSED_SHOWN_NS
        return process.head is not None and self._clock.now_ns() - process.since_ns < limit_ns

    def look(self) -> list[Process]:
        """See who is there and how they are; returns the ones that have ended since."""
        found = {each.key: each for each in find(self.folders())}
        # Who ended comes first: a process that was started again may have the same name.
        ended = [process for process in self.running if self._has_ended(process, found)]
        for process in ended:
            self._keep(process)
        for key, each in found.items():
            if key not in self._processes:
                self._meet(each)
        self._retry(found)
        self._forget(found)
        return ended

    def _meet(self, found: Found) -> None:
        process = self._processes[found.key] = Process(found, self._clock)
        if process.open():
            self._begin(process)

    def _begin(self, process: Process) -> None:
        if process.ended:
            process.since_ns = max(process.last_seen_ns, process.changed_ns)
            self._keep(process)
            process.close()
            return
        self._name(process)
        self._running[process.key] = process

    def _name(self, process: Process) -> None:
        """Give a process that calls itself like another one that runs a name of its own."""
        assert process.head is not None
        taken = {(each.service, each.instance) for each in self.running if not each.ended}
        instance = process.head.instance
        if (process.service, instance) in taken:
            instance = f"{instance}/{process.head.identity.pid}"
        if (process.service, instance) in taken:
            instance = f"{instance}-{process.key.inode}"
        process.call(instance)

    def _has_ended(self, process: Process, found: dict[FileKey, Found]) -> bool:
        before = process.service, process.head.instance if process.head else ""
        standing = process.look()
        if standing is None:
            return process.key not in found
        if process.head and (process.service, process.head.instance) != before:
            del self._running[process.key]
            self._name(process)
            self._running[process.key] = process
        foreign = process.head is not None and process.head.identity.foreign
        # Of a process in another container nothing can be told once its file is gone.
        return process.ended or (foreign and process.key not in found)

    def _keep(self, process: Process) -> None:
        if process.standing is Standing.DEAD and self.post_mortems is not None:
            self.post_mortems.keep(process)

    def _retry(self, found: dict[FileKey, Found]) -> None:
        for key in found.keys() - self._running.keys():
            process = self._processes[key]
            if process.standing is None and process.open():
                self._begin(process)

    def _forget(self, found: dict[FileKey, Found]) -> None:
        now_ns = self._clock.now_ns()
        for key, process in list(self._processes.items()):
            aged = now_ns - process.since_ns > SHOWN_NS or process.head is None
            if key not in self._running and key not in found and aged:
                process.close()
                del self._processes[key]

    def read(self, ended: Sequence[Process] = ()) -> Iterator[Read]:
        """Take the numbers of everybody who runs, and a last time of those who have ended."""
        for process in ended:
            reading = process.read() if process.plan is not None else None
            process.close()
            self._running.pop(process.key, None)
            yield Read(process, reading, last=True)
        for process in self.running:
            yield Read(process, process.read(), last=False)

    def close(self) -> None:
        """Let go of every file."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()
        self._running.clear()
