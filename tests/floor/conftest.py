import shutil
import tempfile
from pathlib import Path

import pytest
from tests.floor.play import Played

from tapewatch.sdk.region.file import SHARED_MEMORY


@pytest.fixture
def memory():
    """A folder in memory, where regions are made without waiting for a disk."""
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-floor-test-", dir=base))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def played(memory):
    """Make desks, and close them behind the test."""
    made = []

    def make(pack, **options):
        made.append(Played(pack, memory / f"{pack}{len(made)}", **options))
        return made[-1]

    yield make
    for each in made:
        each.desk.close()
