"""The console's own unit tests, types and budget, run by the tools of its kind."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "tapewatch" / "console"


@pytest.fixture
def npm():
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the console's tools are not installed: run `make console`")

    def run(*arguments):
        return subprocess.run(
            ["npm", "run", "--silent", *arguments],
            cwd=WEB,
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, "CI": "1", "NO_COLOR": "1"},
        )

    return run


@pytest.mark.parametrize("name", ["types", "test"])
def test_the_sources_pass_their_own(npm, name):
    ran = npm(name)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_licences_are_those_that_are_agreed_to(npm):
    before = (WEB / "public" / "licences.txt").read_text()
    ran = npm("licences")
    assert ran.returncode == 0, ran.stderr
    assert (WEB / "public" / "licences.txt").read_text() == before, "run `npm run licences` in web/"


def test_the_build_keeps_its_budget():
    if not (BUILT / "budget.json").exists():
        pytest.skip("the console is not built: run `make console`")
    budget = json.loads((BUILT / "budget.json").read_text())
    assert budget["firstBytes"] <= budget["firstMax"] == 50 * 1024
    assert budget["allBytes"] <= budget["allMax"] == 220 * 1024


def test_every_dependency_is_locked_with_its_hash():
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    loose = [path for path, each in packages.items() if path and not each.get("integrity")]
    assert not loose
