"""
Processes that run beside a server for as long as it does: the floor, the inbox.

A companion is our own command line in a process group of its own, so Ctrl-C reaches the server
first. It ends when it is told to, and also when its pipe closes because whoever began it has died.
"""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final

from tapewatch.sdk.region.file import SHARED_MEMORY

COMMAND: Final = "from tapewatch.drill.companions import run_leashed; run_leashed()"
LINES_KEPT: Final = 20
STOP_SECONDS: Final = 5.0


class Companion:
    """One process, by the words of its command line."""

    def __init__(self, *words: str, environment: dict[str, str] | None = None) -> None:
        self.words = words
        self._stopping = False
        self._said: deque[str] = deque(maxlen=LINES_KEPT)
        self._process = subprocess.Popen(  # noqa: S603  # our own program, and words of ours
            [sys.executable, "-c", COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
            env={**os.environ, **(environment or {})},
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def said(self) -> Sequence[str]:
        """The last lines that it wrote for people."""
        return tuple(self._said)

    def on_death(self, tell: Callable[["Companion"], None]) -> None:
        """Let somebody know, from another thread, when it ends by itself."""

        def wait() -> None:
            self._listening.join()
            self._process.wait()
            if not self._stopping:
                tell(self)

        threading.Thread(target=wait, daemon=True).start()

    def stop(self) -> None:
        """End it, whatever it does."""
        self._stopping = True
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listening.join(STOP_SECONDS)
        for each in (self._process.stdin, self._process.stderr):
            if each is not None:
                each.close()

    def _listen(self) -> None:
        stream: IO[str] | None = self._process.stderr
        assert stream is not None
        for line in stream:
            self._said.append(line.rstrip())


def own_regions() -> Path:
    """
    Name a folder for the regions of a sample floor, apart from those of a real desk.

    What an earlier one left there, because it was killed, is removed.
    """
    folder = SHARED_MEMORY / f"tapewatch-sample-{os.getuid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def run_leashed() -> None:
    """Run the command line in this process until the pipe to whoever began it closes."""
    threading.Thread(target=_follow, daemon=True).start()
    sys.argv[0] = "tapewatch"
    # The command line stands above this part, and is what is run here, not what is used.
    importlib.import_module("tapewatch.cli.main").main()


def _follow() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
