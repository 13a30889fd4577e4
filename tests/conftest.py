"""What every test may use: the repository's root on the path, and the conformance data."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# How long an example takes says something of the machine, not of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Find the public test data that lies beside the repository, or skip."""
    folder = ROOT.parent / "shared" / "conformance"
    if not folder.is_dir():
        pytest.skip(f"no conformance data at {folder}")
    return folder
