"""Packs that are written for one test."""

from textwrap import dedent

import pytest

from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.loading import load


@pytest.fixture
def write(tmp_path):
    """Write files below a folder and give the folder."""

    def write_files(files, name="desk"):
        folder = tmp_path / name
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text))
        return folder

    return write_files


@pytest.fixture
def pack(write):
    """Read sections of one file as a catalog that has no faults."""

    def read(text, **files):
        head = "" if "platform:" in text else "platform: {name: desk}\n"
        loaded = load(write({"desk.yaml": head + dedent(text), **files}))
        assert not loaded.faults, "\n".join(map(str, loaded.faults))
        return loaded.catalog

    return read


@pytest.fixture
def codes(pack):
    """Read sections of one file and give the codes of what the checks find."""

    def find(text, **files):
        return [finding.code for finding in check_catalog(pack(text, **files))]

    return find
