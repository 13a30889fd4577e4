"""The server's own log is read by machines, and by people at night."""

import io
import json
import logging

from tapewatch.server.logs import JsonForm, PrettyForm, request_id, set_up


def record(message, **fields):
    return logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "x", **fields})


def test_a_json_line_has_the_fields_and_the_request():
    token = request_id.set("r1")
    try:
        told = json.loads(JsonForm().format(record("done", rows=3)))
    finally:
        request_id.reset(token)
    assert (told["message"], told["rows"], told["request_id"]) == ("done", 3, "r1")


def test_a_hostile_value_stays_on_its_line():
    told = PrettyForm(coloured=False).format(record("a\nb", user="x\x1b[2J\n"))
    assert "\n" not in told
    assert "\x1b" not in told


def test_a_pipe_gets_json_and_levels_are_kept():
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers, root.level
    try:
        set_up(level="warning", form="auto", stream=stream)
        logging.getLogger("t").info("not this")
        logging.getLogger("t").warning("this", extra={"n": 1})
    finally:
        root.handlers = before
        root.setLevel(level)
    assert json.loads(stream.getvalue())["n"] == 1
