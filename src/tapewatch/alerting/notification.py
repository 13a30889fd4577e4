"""
A notification: what is to be said about one group of alerts to one integration of a receiver.

It is whole in itself, so it can lie in the outbox through a restart, be sent late, and be told
again. An *episode* is the life of a group from its first firing alert until all are resolved; the
notifications of one episode have one message, which they write first and then change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import orjson

from tapewatch.model.labels import EMPTY, Labels

FIRING = "firing"
RESOLVED = "resolved"
HAND_OVER, DIGEST, STORM = "hand-over", "daily digest", "alert storm"
"""Reasons of notes: their alerts stand in them alone, so nobody can take them over."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as it was when the notification was decided."""

    labels: Labels
    annotations: Labels
    starts_at_ns: int
    ends_at_ns: int
    """0 while it fires: nobody knows its end yet."""
    generator_url: str
    fingerprint: str
    status: str
    acknowledged_by: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Write the alert as plain values."""
        return {
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "starts_at_ns": self.starts_at_ns,
            "ends_at_ns": self.ends_at_ns,
            "generator_url": self.generator_url,
            "fingerprint": self.fingerprint,
            "status": self.status,
            "acknowledged_by": self.acknowledged_by,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        labels = {name: Labels.of(told[name]) for name in ("labels", "annotations")}
        return cls(**{**told, **labels})


@dataclass(frozen=True, slots=True)
class Notification:
    """What is to be said, to whom, and why."""

    id: str
    group_key: str
    episode: int
    """When the group's episode began, in nanoseconds since 1970; it tells episodes apart."""
    sequence: int
    """Counts the notifications of the episode from 1."""
    receiver: str
    integration: str
    """Kind and place among the receiver's, as in ``slack/0``."""
    status: str
    reason: str
    urgency: int
    """0 is the most urgent (P0)."""
    alerts: tuple[AlertView, ...]
    folded: int
    """How many more alerts the group has than are listed."""
    group_labels: Labels
    common_labels: Labels
    common_annotations: Labels
    route_labels: Labels
    external_url: str
    created_ns: int

    @property
    def is_note(self) -> bool:
        """Whether its alerts are known to nobody else."""
        return self.reason in (HAND_OVER, DIGEST, STORM)

    @property
    def is_copy(self) -> bool:
        """Whether it was another channel's, which did not take it."""
        return ">" in self.id

    @property
    def lane(self) -> "Lane":
        """Where the notification waits: order holds inside a lane, and only there."""
        return Lane(self.group_key, self.receiver, self.integration)

    @property
    def firing(self) -> tuple[AlertView, ...]:
        """The listed alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.status == FIRING)

    @property
    def resolved(self) -> tuple[AlertView, ...]:
        """The listed alerts that are over."""
        return tuple(alert for alert in self.alerts if alert.status == RESOLVED)

    def to(self, receiver: str, integration: str) -> Self:
        """Address the same words to another integration, as a fall-back does."""
        name = f"{self.id}>{receiver}/{integration}"
        return replace(self, id=name, receiver=receiver, integration=integration)

    def with_ends_of(self, older: "Notification") -> Self:
        """Tell also of the ends that an older notification tells of and that never arrived."""
        known = {alert.fingerprint for alert in self.alerts}
        ends = tuple(alert for alert in older.resolved if alert.fingerprint not in known)
        return replace(self, alerts=self.alerts + ends) if ends else self

    def as_json(self) -> bytes:
        """Write everything for the book."""
        told = {name: getattr(self, name) for name in _PLAIN}
        told |= {name: dict(getattr(self, name)) for name in _LABELS}
        told["alerts"] = [alert.as_dict() for alert in self.alerts]
        return orjson.dumps(told)

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Read what ``as_json`` wrote."""
        told = orjson.loads(text)
        told |= {name: Labels.of(told[name]) if told[name] else EMPTY for name in _LABELS}
        told["alerts"] = tuple(AlertView.from_dict(each) for each in told["alerts"])
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Lane:
    """One group on one integration."""

    group_key: str
    receiver: str
    integration: str


_LABELS = ("group_labels", "common_labels", "common_annotations", "route_labels")
_PLAIN = tuple(name for name in Notification.__slots__ if name not in _LABELS and name != "alerts")
