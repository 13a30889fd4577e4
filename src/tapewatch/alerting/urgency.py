"""Urgency: how soon somebody must look, as a number; 0 (P0) is the most urgent."""

from collections.abc import Iterable
from typing import Final

from tapewatch.model.labels import Labels

NAMES: Final = ("priority", "severity")
"""Labels that say it; the first that is known counts."""

WORDS: Final = {
    "p0": 0,
    "critical": 0,
    "page": 0,
    "emergency": 0,
    "disaster": 0,
    "p1": 1,
    "high": 1,
    "error": 1,
    "major": 1,
    "p2": 2,
    "warning": 2,
    "warn": 2,
    "medium": 2,
    "p3": 3,
    "low": 3,
    "minor": 3,
    "info": 3,
    "none": 4,
    "p4": 4,
}
USUAL: Final = 2
"""Of an alert that does not say."""


def urgency_of(labels: Labels) -> int:
    """Read the urgency of one alert."""
    for name in NAMES:
        known = WORDS.get(labels.get(name).lower())
        if known is not None:
            return known
    return USUAL


def most_urgent(alerts: Iterable[Labels]) -> int:
    """Give the urgency of a group: that of its most urgent alert."""
    return min((urgency_of(labels) for labels in alerts), default=USUAL)
