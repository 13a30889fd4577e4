"""Every check finds its own bad example, and has nothing to say of its good one."""

import pytest

from tapewatch.catalog.checks.run import CHECKS, check_catalog
from tapewatch.catalog.loading import load


def found(write, example):
    files = {"desk.yaml": example} if isinstance(example, str) else example
    loaded = load(write(files))
    assert [f for f in loaded.faults if "has no platform" not in f.message] == []
    return {finding.code for finding in check_catalog(loaded.catalog)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.code}-{check.title}")
def test_a_check_finds_its_bad_example_alone(check, write):
    assert check.code in found(write, check.bad)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.code}-{check.title}")
def test_a_check_leaves_its_good_example_alone(check, write):
    assert check.code not in found(write, check.good)


def test_codes_and_titles_are_unique():
    assert len({check.code for check in CHECKS}) == len({check.title for check in CHECKS})
    assert len({check.code for check in CHECKS}) == len(CHECKS)
