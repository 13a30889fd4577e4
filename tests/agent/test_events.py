import json
import time

from tests.agent.seen import one

from tapewatch.agent.events import EventReader, Positions
from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.redaction import Redactor
from tapewatch.sdk.tracing.recorded import span_format


def declare(home, text):
    return home.region.format(text)


def lines(reader, process):
    return [json.loads(line) for line in reader.read(process).events]


def test_an_event_is_a_line_with_its_process(make, regions):
    home = make()
    gap = declare(home, str(EventFormat("WARN", "feed", "{symbol}: {first} to {last} are missing")))
    before_ns = time.time_ns()
    home.ring.push(gap, "BTCUSDT", 9, 11)
    (line,) = lines(EventReader(), one(regions).process)
    assert line.pop("timestamp")[:13] == time.strftime("%Y-%m-%dT%H", time.gmtime(before_ns / 1e9))
    assert line == {
        "level": "WARN",
        "target": "feed",
        "fields": {
            "message": "BTCUSDT: 9 to 11 are missing",
            "symbol": "BTCUSDT",
            "first": 9,
            "last": 11,
        },
        "service": "desk",
        "instance": "one",
    }


def test_secrets_are_taken_out(make, regions):
    home = make()
    home.ring.push(declare(home, "login with {api_key}"), "abcdef123456")
    text = EventReader(redactor=Redactor(b"key")).read(one(regions).process).events[0]
    assert "abcdef123456" not in text


def test_a_line_is_told_once(make, regions):
    home = make()
    said = declare(home, "{number}")
    reader = EventReader()
    home.ring.push(said, 1)
    assert len(lines(reader, one(regions).process)) == 1
    assert lines(reader, one(regions).process) == []
    home.ring.push(said, 2)
    assert [line["fields"]["number"] for line in lines(reader, one(regions).process)] == [2]


def test_an_agent_that_starts_again_goes_on_where_it_was(make, regions, tmp_path):
    home = make()
    said = declare(home, "{number}")
    home.ring.push(said, 1)
    first = EventReader(Positions.load(tmp_path / "positions"))
    lines(first, one(regions).process)
    first.positions.save()
    home.ring.push(said, 2)
    second = EventReader(Positions.load(tmp_path / "positions"))
    assert [line["fields"]["number"] for line in lines(second, one(regions).process)] == [2]


def test_positions_that_cannot_be_read_are_begun_anew(tmp_path):
    (tmp_path / "positions").write_text("[1, 2")
    assert Positions.load(tmp_path / "positions").told == {}


def test_what_was_overwritten_is_counted(make, regions):
    home = make()
    said = declare(home, "{number}")
    for number in range(100):
        home.ring.push(said, number)
    read = one(regions)
    told = [line["fields"]["number"] for line in lines(EventReader(), read.process)]
    assert told == list(range(36, 100))
    assert read.process.missed_slots == 36
    labels = one(regions).reading.plan.labels
    place = [each.name for each in labels].index("region_event_slots_missed_total")
    assert one(regions).reading.values[place] == 36


def test_a_span_becomes_a_line_of_its_own(make, regions):
    home = make()
    submit = declare(home, span_format("submit_order"))
    home.ring.push(submit, 1, 2, 3, 0, 1_500, "order_id=a1 token=xyz", "ValueError")
    told = EventReader(redactor=Redactor(b"key")).read(one(regions).process)
    assert told.events == []
    (line,) = map(json.loads, told.spans)
    assert line.pop("timestamp").startswith("20")
    assert line == {
        "name": "submit_order",
        "trace_id": f"{1:016x}{2:016x}",
        "span_id": f"{3:016x}",
        "duration_us": 1.5,
        "status": "error",
        "error": "ValueError",
        "attributes": {"order_id": "a1", "token": "[redacted]"},
        "service": "desk",
        "instance": "one",
    }


def test_an_event_of_an_unknown_format_is_shown_as_it_is(make, regions):
    home = make()
    home.ring.push(77, "something", 5)
    (line,) = lines(EventReader(), one(regions).process)
    assert line["fields"]["message"] == "something"
