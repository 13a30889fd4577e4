"""The installed wheel, used as a newcomer uses it: nothing here may see the source tree."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnknownMarkWarning"),
]

PROGRAM = Path(sys.executable).with_name("tapewatch")


def tapewatch(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)


def test_the_package_comes_from_the_wheel():
    code = "import tapewatch; print(tapewatch.__file__)"
    place = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "site-packages" in place


def test_it_says_its_version():
    told = json.loads(tapewatch("version", "--json").stdout)
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"])


def test_the_configuration_it_writes_is_good(tmp_path):
    path = tmp_path / "tapewatch.yaml"
    assert tapewatch("config", "init", str(path)).returncode == 0
    assert tapewatch("config", "check", "--config", str(path)).stdout == f"{path}: good\n"


def test_it_runs_answers_and_stops(tmp_path):
    command = [PROGRAM, "up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        url = next(re.search(r"http://\S+:\d+", line) for line in run.stdout if "http" in line)[0]
        with urllib.request.urlopen(f"{url}/-/ready", timeout=10) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            assert b"tapewatch_build_info" in answer.read()
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=30) == 0


def test_the_console_is_inside_or_its_absence_is_told(tmp_path):
    code = "import tapewatch, pathlib; print(pathlib.Path(tapewatch.__file__).parent / 'console')"
    place = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    built = (Path(place.strip()) / "index.html").exists()
    command = [PROGRAM, "up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        url = next(re.search(r"http://\S+:\d+", line) for line in run.stdout if "http" in line)[0]
        with urllib.request.urlopen(url, timeout=10) as answer:
            page = answer.read().decode()
        run.send_signal(signal.SIGTERM)
    assert ("./assets/" in page) is built
    assert ("not built into this installation" in page) is not built
