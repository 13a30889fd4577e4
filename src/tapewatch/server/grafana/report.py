"""What a reading leaves out, each said once."""

from collections.abc import Mapping
from typing import Any, Final

Plain = dict[str, Any]
LEFT_OUT_MAX: Final = 200


class Report:
    """Collects what could not be taken over."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def leave_out(self, where: str, what: str) -> None:
        """Note a thing that is not there any more."""
        if len(self._told) < LEFT_OUT_MAX:
            self._told[f"{where}: {what}" if where else what] = None

    @property
    def told(self) -> list[str]:
        """Everything that was left out, in the order in which it was met."""
        return list(self._told)


def plain(value: object) -> Mapping[str, Any]:
    """Take an object for what it is, and anything else for an empty one."""
    return value if isinstance(value, dict) else {}


def plains(value: object) -> list[Mapping[str, Any]]:
    """Take the objects of a list, and nothing of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Take a text, and anything else for an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """Take a number that is one."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
