"""Whether a notification changes the message of its episode, or is a message of its own."""

from typing import Final

from tapewatch.alerting.outbox import Parcel

ALWAYS_NEW: Final = frozenset({"first notification", "repeat interval elapsed", "test"})
"""Reasons to ring again: a change of a message is seen by nobody who sleeps."""


def changes_message(parcel: Parcel, *, wanted: bool) -> bool:
    """Say whether the message that is remembered is to be changed."""
    return wanted and bool(parcel.memory) and parcel.notification.reason not in ALWAYS_NEW


def is_acknowledged(parcel: Parcel) -> bool:
    """Say whether somebody has taken everything that fires."""
    firing = parcel.notification.firing
    return bool(firing) and all(alert.acknowledged_by for alert in firing)
