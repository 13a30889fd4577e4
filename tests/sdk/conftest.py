"""Regions and registries that belong to one test."""

from pathlib import Path

import pytest

from tapewatch.sdk.region import cells, cells_pure
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
TWINS = [cells_pure] + ([cells._twin] if cells.GUARDED else [])


@pytest.fixture(params=TWINS, ids=lambda module: module.__name__.rpartition("_")[2])
def twin(request):
    """Each twin of the cells in turn."""
    return request.param


@pytest.fixture
def shared_folder(tmp_path_factory):
    """A folder on shared memory, or any folder where there is none."""
    import shutil
    import tempfile

    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-test-", dir=base))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def registry(shared_folder):
    """A registry with a small region in a file of its own."""
    made = Registry({})
    made.start(Start("desk", "one", Place(shared_folder, on_disk=True), SMALL))
    yield made
    made.stop()
