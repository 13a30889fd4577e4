"""Regions of this process, and of real ones that can be killed."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from tapewatch.agent.regions import Regions
from tapewatch.model.clock import SystemClock
from tapewatch.sdk.region.file import SHARED_MEMORY, Place
from tapewatch.sdk.region.layout import Sections
from tapewatch.sdk.registry import Registry, Start

SMALL = Sections(
    directory_bytes=64 << 10,
    values_bytes=256 << 10,
    errors_slots=8,
    exemplars_slots=64,
    ring_slots=64,
)


@pytest.fixture
def folder():
    """A folder on shared memory, or any folder where there is none."""
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def make(folder):
    """Make registries of this process, each with a region of its own."""
    made = []

    def registry(service="desk", instance="one", sections=SMALL):
        home = Registry({})
        home.start(Start(service, instance, Place(folder, on_disk=True), sections))
        made.append(home)
        return home

    yield registry
    for home in made:
        home.stop()


@pytest.fixture
def regions(folder):
    """What is seen in the folder, with nothing kept."""
    seen = Regions(lambda: [folder], SystemClock())
    yield seen
    seen.close()


@pytest.fixture
def start(folder):
    """Start real processes that use the SDK; the line ``ready`` says that they have begun."""
    running = []

    def process(code, service="desk", instance="one", **environment):
        whole = "from tapewatch.sdk import *\n" + textwrap.dedent(code)
        whole += "\nprint('ready', flush=True)\nimport sys\nsys.stdin.read()\n"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TAPEWATCH_")}
        told = {
            "TAPEWATCH_SERVICE": service,
            "TAPEWATCH_INSTANCE": instance,
            "TAPEWATCH_REGION_FOLDER": str(folder),
            "TAPEWATCH_REGION_ON_DISK": "1",
        }
        popen = subprocess.Popen(
            [sys.executable, "-c", whole],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**clean, **told, **environment},
        )
        running.append(popen)
        assert popen.stdout.readline() == "ready\n"
        return popen

    yield process
    for popen in running:
        popen.kill()
        popen.wait()
        popen.stdin.close()
        popen.stdout.close()


@pytest.fixture
def die():
    """Kill a process without a word."""

    def kill(popen):
        popen.kill()
        popen.wait()

    return kill
