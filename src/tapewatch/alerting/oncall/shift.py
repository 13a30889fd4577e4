"""A shift: who is on call from when until when."""

from dataclasses import dataclass, replace
from typing import Any, Self

from tapewatch.model.durations import format_time_ns


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's time."""

    person: str
    starts_ns: int
    ends_ns: int
    cover: bool = False
    """Whether the person stands in for somebody."""

    def within(self, since_ns: int, until_ns: int) -> Self:
        """Cut the shift to a range."""
        return replace(
            self, starts_ns=max(self.starts_ns, since_ns), ends_ns=min(self.ends_ns, until_ns)
        )

    def as_dict(self) -> dict[str, Any]:
        """Write the shift for people and programs."""
        return {
            "person": self.person,
            "from": format_time_ns(self.starts_ns),
            "to": format_time_ns(self.ends_ns),
            "cover": self.cover,
        }


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody stands in, for a while, by the configuration or by the API."""

    id: str
    schedule: str
    person: str
    starts_ns: int
    ends_ns: int
    by: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Write the cover as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    def shown(self) -> dict[str, Any]:
        """Write the cover for people and programs."""
        times = {"from": format_time_ns(self.starts_ns), "to": format_time_ns(self.ends_ns)}
        return {"id": self.id, "person": self.person, "by": self.by, **times}
