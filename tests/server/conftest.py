"""Servers for the tests of this folder."""

import contextlib

import pytest
from tests.running import Process


@pytest.fixture
def up(tmp_path):
    """Start servers in a folder of the test's own; whatever still runs is stopped at its end."""
    with contextlib.ExitStack() as stack:

        def start(*arguments, **environment):
            process = Process(tmp_path, *arguments, **environment)
            stack.callback(process._log.close)
            stack.callback(process.stop, 9)
            return process

        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Give the tests of one file a server that they only ask."""
    process = Process(tmp_path_factory.mktemp("server"))
    yield process
    process.stop()
    process._log.close()
