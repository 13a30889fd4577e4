"""
The stages of an order's life.

An order is signalled, checked, sent, acknowledged, perhaps filled in parts, and ends once. Stages
may be left out; going back is a fault, except that parts follow parts.
"""

from enum import IntEnum
from typing import Final


class Stage(IntEnum):
    """Where an order is; the ones from FILL on are ends."""

    SIGNAL = 0
    RISK = 1
    SENT = 2
    ACK = 3
    PARTIAL = 4
    FILL = 5
    CANCEL = 6
    REJECT = 7
    EXPIRE = 8


class MarkFault(IntEnum):
    """Why a mark was not counted as a step."""

    UNKNOWN = 0
    """No order of that id is known."""
    OUT_OF_ORDER = 1
    """The order is past that stage."""
    AFTER_END = 2
    """The order has ended not long ago."""
    TWICE = 3
    """An order of that id is open already."""
    FULL = 4
    """As many orders are open as are watched."""
    UNREADABLE = 5
    """The id cannot be a key, or the stage is none."""


SIGNAL, RISK, SENT, ACK, PARTIAL, FILL, CANCEL, REJECT, EXPIRE = Stage
STAGE_COUNT: Final = len(Stage)
ENDS: Final = (FILL, CANCEL, REJECT, EXPIRE)


def stage_name(stage: int) -> str:
    """The stage as labels have it."""
    return Stage(stage).name.lower()


def fault_name(fault: int) -> str:
    """The fault as labels have it."""
    return MarkFault(fault).name.lower()


def transition(before: int, after: int) -> int:
    """The place of a transition in a table of all of them."""
    return before * STAGE_COUNT + after
