"""The same timelines against Debian's Alertmanager and against ours."""

import contextlib
import shutil
import subprocess
import time
import urllib.request

import pytest
from tests.alerting.timelines import (
    Hooks,
    Push,
    Quiet,
    Timeline,
    Want,
    config_of,
    faults,
    run,
)
from tests.metrics.prometheus_peer import free_port
from tests.running import Process

SECONDS = 6.2

TIMELINES = [
    Timeline(
        "batched",
        [Push(0.2, ("a",)), Push(0.5, ("b",)), Push(1.5, ("c",))],
        [Want(1.2, 1.3, ("a", "b")), Want(2.2, 2.3, ("a", "b", "c"))],
    ),
    Timeline(
        "repeated",
        [Push(0.2, ("a",))],
        [Want(1.2, 1.3, ("a",)), Want(3.2, 3.3, ("a",)), Want(5.2, 5.3, ("a",))],
        {"repeat_interval": "1500ms"},
    ),
    # An alert that has waited longer than group_wait already does not wait again.
    Timeline("waited-before", [Push(0.4, ("a",), starts=-10)], [Want(0.4, 0.5, ("a",))]),
    # The earliest start counts, whoever says it and when.
    Timeline(
        "merged",
        [
            Push(0.2, ("a",), starts=0.1, ends=9),
            Push(0.4, ("a",), starts=0.0, ends=5),
            Push(0.6, ("a",), starts=0.5, ends=9),
        ],
        [Want(1.2, 1.3, ("a",), starts=0.0)],
    ),
    Timeline(
        "resolved",
        [Push(0.2, ("a", "b")), Push(1.8, ("a",), ends=1.8)],
        [Want(1.2, 1.3, ("a", "b")), Want(2.2, 2.3, ("b",), ("a",))],
    ),
    Timeline(
        "resolved-by-time",
        [Push(0.2, ("a",), ends=1.9)],
        [Want(1.2, 1.3, ("a",)), Want(2.2, 2.3, (), ("a",))],
    ),
    # What ends before it was told is never told.
    Timeline("short", [Push(0.2, ("a",)), Push(0.6, ("a",), ends=0.6)], []),
    # Ends that are not sent still make the log forget, so the next begin is told.
    Timeline(
        "ends-not-sent",
        [Push(0.2, ("a",)), Push(1.6, ("a",), ends=1.6), Push(2.6, ("a",), starts=2.6)],
        [Want(1.2, 1.3, ("a",)), Want(3.2, 3.8, ("a",))],
        hooks={"hook": {"send_resolved": False}},
    ),
    Timeline(
        "one-hook-fails",
        [Push(0.2, ("a",))],
        [Want(1.2, 1.3, ("a",)), Want(1.2, 2.2, ("a",), hook="other")],
        {"group_interval": "4s"},
        hooks={"hook": {}, "other": {}},
        fail_first={"other": [503]},
    ),
    Timeline(
        "each-alone",
        [Push(0.2, ("a",)), Push(0.7, ("b",))],
        [Want(1.2, 1.3, ("a",)), Want(1.7, 1.8, ("b",))],
        {"group_by": ["..."]},
    ),
    Timeline(
        "inhibited",
        [
            Push(0.2, ("cause", "effect")),
            Push(2.5, ("cause",), ends=2.5),
        ],
        [Want(1.2, 1.3, ("cause",)), Want(3.2, 3.3, ("effect",), ("cause",))],
        inhibit=[("cause", "effect")],
    ),
    # Both resolve at once: then nothing inhibits any more, and both are in the last message.
    Timeline(
        "inhibited-to-the-end",
        [
            Push(0.2, ("cause", "effect")),
            Push(1.6, ("cause", "effect"), ends=1.6),
        ],
        [Want(1.2, 1.3, ("cause",)), Want(2.2, 2.3, (), ("cause", "effect"))],
        inhibit=[("cause", "effect")],
    ),
    Timeline(
        "silenced",
        [Quiet(0.0, "quiet", 2.6), Push(0.2, ("quiet", "loud"))],
        [Want(1.2, 1.3, ("loud",)), Want(3.2, 3.3, ("loud", "quiet"))],
    ),
]


@contextlib.contextmanager
def debian(folder, config):
    """Run Debian's Alertmanager; gives its address."""
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        pytest.skip("Debian's prometheus-alertmanager is not installed: apt-get install it")
    (folder / "am.yml").write_text(config)
    port = free_port()
    flags = ["--config.file=am.yml", "--storage.path=data", "--cluster.listen-address="]
    with (folder / "am.log").open("w") as log:
        process = subprocess.Popen(
            [program, *flags, f"--web.listen-address=127.0.0.1:{port}"],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/-/ready")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextlib.contextmanager
def ours(folder, config):
    """Run our server with the same file; gives its address."""
    (folder / "am.yml").write_text(config)
    (folder / "tapewatch.yaml").write_text("alerting: {config_file: am.yml}\n")
    process = Process(folder, "--config", str(folder / "tapewatch.yaml"))
    try:
        yield process.url
    finally:
        process.stop()
        process._log.close()


def wait_for(url):
    for _ in range(100):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.mark.slow
@pytest.mark.parametrize("engine", [debian, ours])
def test_what_is_pushed_arrives_when_it_should(engine, tmp_path):
    # On a busy machine something may come too late; that it is late twice is no accident.
    wrong = played(engine, tmp_path / "first") and played(engine, tmp_path / "second")
    assert not wrong, "\n".join(wrong)


def played(engine, folder):
    """Play all timelines in a new server; gives what is wrong."""
    folder.mkdir()
    with contextlib.closing(Hooks()) as hooks:
        with engine(folder, config_of(TIMELINES, hooks.url)) as url:
            begin = run(TIMELINES, url, hooks, SECONDS)
        return [fault for line in TIMELINES for fault in faults(line, hooks, begin)]
