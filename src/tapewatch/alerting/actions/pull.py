"""A pull: one wish that an action be done, with who wishes it and why."""

from dataclasses import dataclass, replace
from typing import Any, Self

from tapewatch.model.durations import format_time_ns
from tapewatch.model.labels import EMPTY, Labels


@dataclass(frozen=True, slots=True)
class Pull:
    """Who or what wants an action done."""

    action: str
    key: str
    """The same for every attempt, so that what was done is not done again."""
    by: str
    why: str
    at_ns: int
    labels: Labels = EMPTY
    """Those that the alerts have in common; empty where a person pulls."""
    by_person: bool = False

    def agreed_by(self, person: str) -> Self:
        """Give the pull that a person has agreed to."""
        return replace(self, by=f"{self.by}, agreed by {person}", by_person=True)

    def as_dict(self) -> dict[str, Any]:
        """Write the pull as plain values."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "labels"}
        return told | {"labels": dict(self.labels)}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        return cls(**{**told, "labels": Labels.of(told["labels"])})

    def told(self) -> dict[str, Any]:
        """Write what a webhook or a program is told."""
        return {
            "action": self.action,
            "by": self.by,
            "why": self.why,
            "at": format_time_ns(self.at_ns),
            "delivery": self.key,
            "labels": dict(self.labels),
        }


@dataclass(frozen=True, slots=True)
class Approval:
    """A pull that waits for a person."""

    id: str
    pull: Pull
    until_ns: int
    server: str = ""
    """Which of several servers was asked; its machine is the one that is meant."""
    agreed_by: str = ""
    agreed_ns: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Write the approval as plain values."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"pull": self.pull.as_dict()}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        return cls(**{**told, "pull": Pull.from_dict(told["pull"])})
