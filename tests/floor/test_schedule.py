import pytest

from tapewatch.floor.errors import BadSchedule
from tapewatch.floor.floor import Floor
from tapewatch.floor.mischief import Running
from tapewatch.floor.schedule import parse_schedule

TEXT = """
# A morning.
12m  venue_disconnect
5m   slow_venue        10m   # It ends badly.
"""


def test_a_schedule_is_read_in_the_order_of_time():
    assert parse_schedule(TEXT, now_s=1000.0) == [
        Running("slow_venue", 1300.0, 1900.0),
        Running("venue_disconnect", 1720.0, 1840.0),
    ]


def test_every_wrong_line_is_told():
    with pytest.raises(BadSchedule) as caught:
        parse_schedule("5m\nsoon feed_stall\n5m feed_stal 2m\n", now_s=0.0)
    assert [each.partition(":")[0] for each in caught.value.wrong] == ["line 1", "line 2", "line 3"]
    assert "write AFTER FAULT [FOR]" in str(caught.value)
    assert "no fault 'feed_stal'" in str(caught.value)


def test_a_floor_follows_its_schedule():
    floor = Floor(())
    floor.follow(parse_schedule("2s cache_loss 3s\n1s feed_stall 1s", now_s=100.0))
    held = []
    for second in range(1, 7):
        floor.step(100.0 + second, 1.0)
        held.append([each.name for each in floor.mischief.at(100.0 + second)])
    assert held == [["feed_stall"], ["cache_loss"], ["cache_loss"], ["cache_loss"], [], []]
