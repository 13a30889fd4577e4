"""
A service of a desk in a process of its own.

The desk starts the process, sends it its plan, and then asks it by frames what it would ask a
service in its own process. A fault that kills or stops the service does that to the process.
"""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.floor.line import Line, best_kind, open_line
from tapewatch.floor.messages import Mail, packed, unpacked
from tapewatch.floor.mischief import Running
from tapewatch.floor.service import LocalService, Plan, Step
from tapewatch.floor.size import Size
from tapewatch.sdk.process import start
from tapewatch.sdk.region.layout import Sections

WAIT_FIRST_S: Final = 60.0
WAIT_S: Final = 2.0
LOOK_S: Final = 0.25
PROGRAM: Final = "import sys; from tapewatch.floor.remote import serve; serve(sys.argv[1])"


class RemoteService:
    """The desk's side of a service in a process of its own."""

    def __init__(self, plan: Plan, catalog: Catalog, kind: str = "") -> None:  # noqa: ARG002 # One shape.
        self._plan = plan
        self._kind = kind or best_kind()
        self._folder = tempfile.TemporaryDirectory(prefix="tapewatch-floor-line-")
        self._starts = self._number = 0
        self._step: Step | None = None
        self._spawn()

    @property
    def region(self) -> Path | None:
        """The file of its numbers; None for private memory or while it begins."""
        if not self._plan.folder:
            return None
        folder = Path(self._plan.folder) / self._plan.service
        return max(folder.glob("*"), key=lambda each: each.stat().st_mtime_ns, default=None)

    @property
    def pid(self) -> int:
        """The process, as the system names it."""
        return self._process.pid

    def _spawn(self) -> None:
        self._starts += 1
        address = f"{self._kind}:{self._folder.name}/{self._starts}"
        self._line: Line = open_line(address, listens=True)
        command = [sys.executable, "-c", PROGRAM, address]
        self._process = subprocess.Popen(command)  # noqa: S603 # Ourselves.
        self._greeted = False
        self._wait_s = WAIT_FIRST_S

    def begin(self, step: Step) -> None:
        """Begin a step."""
        self._step = step
        running = [[each.name, each.began_s, each.ends_s] for each in step.running]
        self._send(do="begin", step=[step.now_s, step.seconds, step.activity, running])

    def work(self, role: str, mail: Mail) -> Mail:
        """Work in one role; who does not answer has done nothing."""
        if self._process.poll() is not None:
            return {}
        self._number += 1
        self._send(do="work", role=role, mail=packed(mail), number=self._number)
        for _ in range(round(self._wait_s / LOOK_S)):
            told = self._line.receive(LOOK_S)
            # An answer to an older question comes from somebody who was stopped meanwhile.
            if told and told["number"] == self._number:
                self._wait_s = WAIT_S
                return unpacked(told["mail"])
            if self._process.poll() is not None:
                break
        return {}

    def tell(self) -> None:
        """Tell what happened."""
        self._send(do="tell")

    def stand(self, *, down: bool, hung: bool) -> None:
        """Kill the process or stop it, or let it go on."""
        alive = self._process.poll() is None
        if down and alive:
            self._process.kill()
            self._process.wait()
        elif not down and not alive:
            self._line.close()
            now_s = self._step.now_s if self._step else self._plan.began_s
            self._plan = replace(self._plan, began_s=now_s)
            if region := self.region:
                region.unlink()
            self._spawn()
        elif not down:
            self._process.send_signal(signal.SIGSTOP if hung else signal.SIGCONT)

    def _send(self, **told: Any) -> None:
        with suppress(OSError):
            if not self._greeted:
                # Whoever listens is there by now, so many can begin at the same time.
                self._line.send(asdict(self._plan))
                self._greeted = True
            self._line.send(told)

    def close(self) -> None:
        """End on purpose."""
        self._process.send_signal(signal.SIGCONT)
        self._send(do="end")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(WAIT_S)
        self._process.kill()
        self._process.wait()
        self._line.close()
        self._folder.cleanup()


def serve(address: str) -> None:
    """Be the service at the other end of a line, until it says that this is enough."""
    # The desk's process is told to end, and tells us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = open_line(address, listens=False)
    told = line.receive(WAIT_FIRST_S) or sys.exit("nobody says what to be")
    plan = Plan(**{**told, "size": Size(**told["size"])})
    speak(plan.service, plan.pack, plan.shared)
    service = LocalService(plan, load_catalog(find_pack(plan.pack)))
    desk_pid = os.getppid()
    try:
        while os.getppid() == desk_pid:
            frame = line.receive(WAIT_S)
            if frame and not obey(service, frame, line):
                break
    finally:
        service.close()
        line.close()


def obey(service: LocalService, frame: dict[str, Any], line: Line) -> bool:
    """Do what a frame says; whether there is more to come."""
    match frame["do"]:
        case "begin":
            now_s, seconds, activity, running = frame["step"]
            faults = tuple(Running(*each) for each in running)
            service.begin(Step(now_s, seconds, activity, faults))
        case "work":
            mail = service.work(frame["role"], unpacked(frame["mail"]))
            line.send({"number": frame["number"], "mail": packed(mail)})
        case "tell":
            service.tell()
        case _:
            return False
    return True


def speak(service: str, pack: str, folder: str) -> None:
    """Let what this process says in events and spans be read, beside its service's numbers."""
    if folder:
        sections = Sections(directory_bytes=1 << 16, values_bytes=1 << 12, ring_slots=4096)
        start(
            f"{service}-events".replace("_", "-"),
            instance=f"floor-{pack}",
            folder=folder,
            on_disk=True,
            sections=sections,
        )
