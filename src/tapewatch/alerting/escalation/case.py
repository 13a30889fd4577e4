"""A case: alerts that wait for an answer together, and how far they have climbed."""

from dataclasses import dataclass, field
from typing import Any, Self

from tapewatch.model.labels import Labels


@dataclass(slots=True)
class Case:
    """One group of alerts under one escalation."""

    escalation: str
    labels: Labels
    begun_ns: int
    """When it began; it tells this case from the next one of the same alerts."""
    round_ns: int
    """When the present round of steps began."""
    due_ns: int = 0
    """When it is looked at next; 0 is when something happens."""
    step: int = 0
    round: int = 0
    sequence: int = 0
    told: list[str] = field(default_factory=list)
    """The receivers that know of it."""
    members: set[str] = field(default_factory=set)
    """The fingerprints of the alerts that fire."""

    @property
    def key(self) -> str:
        """What tells cases apart; receivers see it as the key of a group."""
        return f"escalation/{self.escalation}:{self.labels!r}"

    def as_dict(self) -> dict[str, Any]:
        """Write the case as plain values."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"labels": dict(self.labels), "members": sorted(self.members)}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        return cls(**{**told, "labels": Labels.of(told["labels"]), "members": set(told["members"])})
