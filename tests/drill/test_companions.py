import os
import socket
import threading

import pytest

from tapewatch.drill.companions import Companion


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_one_that_ends_by_itself_is_told_of_with_its_last_words(port):
    told, heard = [], threading.Event()
    companion = Companion("inbox", "--port", str(port))
    companion.on_death(lambda each: (told.append(each), heard.set()))
    assert heard.wait(30)
    companion.stop()
    assert told == [companion]
    assert f"the inbox cannot listen on 127.0.0.1:{port}" in companion.said[-1]


def test_one_that_is_stopped_is_not_told_of():
    told = []
    companion = Companion("inbox", "--port", "65000")
    companion.on_death(told.append)
    companion.stop()
    assert not told
    with pytest.raises(ProcessLookupError):
        os.kill(companion.pid, 0)


def test_one_whose_owner_is_gone_ends(port):
    companion = Companion("inbox", "--port", str(port - 2000))
    heard = threading.Event()
    companion.on_death(lambda _: heard.set())
    companion._process.stdin.close()
    assert heard.wait(30)
    companion.stop()
