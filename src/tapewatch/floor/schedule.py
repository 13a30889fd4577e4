"""
Faults by a schedule: a text with a line for each, ``AFTER FAULT [FOR]``.

    # A morning with a slow venue that ends badly.
    5m   slow_venue        10m
    12m  venue_disconnect

``AFTER`` counts from the opening of the floor. Without ``FOR`` a fault lasts two minutes; what is
behind a ``#`` is for whoever reads.
"""

from typing import Final

from tapewatch.document.reading import suggestion
from tapewatch.floor.errors import BadSchedule
from tapewatch.floor.faults import FAULTS
from tapewatch.floor.mischief import Running
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText

LASTS: Final = "2m"
FORM: Final = "write AFTER FAULT [FOR], as in: 5m feed_stall 2m"


def parse_schedule(text: str, *, now_s: float) -> list[Running]:
    """Read a schedule, for a floor that opens now; in the order of their beginnings."""
    planned, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            planned.append(_planned(words, now_s))
        except (BadText, ValueError) as fault:
            wrong.append(f"line {number}: {fault}")
    if wrong:
        raise BadSchedule(tuple(wrong))
    return sorted(planned, key=lambda each: each.began_s)


def _planned(words: list[str], now_s: float) -> Running:
    if len(words) not in (2, 3):
        raise ValueError(FORM)
    after, name, lasts = (*words, LASTS)[:3]
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}{suggestion(name, FAULTS)}")
    began_s = now_s + parse_duration_ms(after) / 1000
    return Running(name, began_s, began_s + parse_duration_ms(lasts) / 1000)
