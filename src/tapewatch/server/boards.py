"""
Dashboards: what the console draws, by name.

A dashboard is the JSON that ``docs/console.md`` describes. Whoever declares dashboards registers as
the server's ``DashboardSource``; the server's own are always there.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol

import orjson

Dashboard = Mapping[str, Any]
OWN: Final = ("server",)


class DashboardSource(Protocol):
    """What declares dashboards."""

    def dashboards(self) -> Sequence[Dashboard]:
        """Return all dashboards, in the order in which they are listed."""
        ...


class OwnDashboards:
    """The dashboards of the server itself."""

    def dashboards(self) -> Sequence[Dashboard]:
        return _own()


@cache
def _own() -> tuple[Dashboard, ...]:
    folder = files("tapewatch.server") / "dashboards"
    return tuple(orjson.loads((folder / f"{name}.json").read_bytes()) for name in OWN)
