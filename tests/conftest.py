"""What every test may use: the repository's root on the path, and the conformance data."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Find the public test data that lies beside the repository, or skip."""
    folder = ROOT.parent / "shared" / "conformance"
    if not folder.is_dir():
        pytest.skip(f"no conformance data at {folder}")
    return folder
