"""Times and durations as people give them."""

from datetime import UTC, datetime, timedelta

import pytest

from tapewatch.client.moments import choose_step_ms, read_duration_ms, read_moment_ms
from tapewatch.model.errors import BadText

NOW_MS = 1_700_000_000_000


@pytest.mark.parametrize(
    ("moment", "at_ms"),
    [
        ("now", NOW_MS),
        (" -1h30m ", NOW_MS - 5_400_000),
        ("now-5m", NOW_MS - 300_000),
        ("now+1d", NOW_MS + 86_400_000),
        ("1700000000.5", NOW_MS + 500),
        ("-60", -60_000),
        (12.5, 12_500),
        ("2023-11-14T22:13:20Z", NOW_MS),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), NOW_MS),
    ],
)
def test_times(moment, at_ms):
    assert read_moment_ms(moment, NOW_MS) == at_ms


@pytest.mark.parametrize("moment", ["yesterday", "-1x", "nowish", ""])
def test_no_times(moment):
    if moment == "":
        assert read_moment_ms(moment, NOW_MS) == NOW_MS
        return
    with pytest.raises(BadText, match="is not a time: write"):
        read_moment_ms(moment, NOW_MS)


@pytest.mark.parametrize(
    ("duration", "length_ms"),
    [("1m30s", 90_000), ("15", 15_000), (0.25, 250), (timedelta(1), 86_400_000)],
)
def test_durations(duration, length_ms):
    assert read_duration_ms(duration) == length_ms


@pytest.mark.parametrize("duration", ["0", -1, "soon"])
def test_no_durations(duration):
    with pytest.raises(BadText, match="is not a duration"):
        read_duration_ms(duration)


@pytest.mark.parametrize(
    ("length_ms", "step_ms"),
    [
        (0, 1_000),
        (3_600_000, 15_000),
        (86_400_000, 600_000),
        (10 * 365 * 86_400_000, 15 * 86_400_000),
    ],
)
def test_steps_are_round(length_ms, step_ms):
    assert choose_step_ms(length_ms) == step_ms
