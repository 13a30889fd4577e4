"""
What the exchange and the stations of a desk say to each other.

``ROUTES`` is the whole topology: which roles hear which kind. A role that comes later in ``ROLES``
hears a message in the same step, an earlier one in the next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

EXCHANGE: Final = "exchange"
FEEDS: Final = "feeds"
SIGNALS: Final = "signals"
RISK: Final = "risk"
EXECUTION: Final = "execution"
ROLES: Final = (EXCHANGE, FEEDS, SIGNALS, RISK, EXECUTION)

ROUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "ticks": (FEEDS,),
    "quotes": (SIGNALS, RISK, EXECUTION),
    "intents": (RISK,),
    "orders": (EXECUTION,),
    "requests": (EXCHANGE,),
    "reports": (EXECUTION,),
    "news": (SIGNALS, RISK),
    "holdings": (EXECUTION,),
    "statements": (RISK,),
}


class Tick(NamedTuple):
    """One message of a feed; without numbers it is a heartbeat."""

    venue: str
    symbol: str
    first: int
    last: int
    bid: float
    ask: float
    sent_ns: int
    arrived_ns: int


class Quote(NamedTuple):
    """What a symbol is worth now."""

    symbol: str
    price: float


class Holding(NamedTuple):
    """What a venue says that we hold there."""

    venue: str
    symbol: str
    quantity: float


@dataclass(slots=True)
class Order:
    """One order; each station on its way writes what it knows."""

    number: int
    symbol: str
    strategy: str
    side: str
    kind: str
    quantity: float
    price: float
    began_s: float
    trace: str = ""
    """The ``traceparent`` of the step that sent it on."""

    venue: str = ""
    risk_s: float = 0.0
    sent_s: float = 0.0
    ack_s: float = 0.0
    end_s: float = 0.0
    """How long each stage came after the one before."""

    end: str = ""
    """``fill``, ``cancel`` or ``reject``; nothing while it is open."""

    state: str = ""
    """What a report tells: ``sent``, ``ack`` or the end."""

    slippage_bps: float = 0.0

    @property
    def value_usd(self) -> float:
        """What it is worth."""
        return self.quantity * self.price

    @property
    def filled(self) -> float:
        """The quantity that was filled."""
        return self.quantity if self.end == "fill" else 0.0

    @property
    def signed(self) -> float:
        """What its fill adds to a position."""
        return self.filled if self.side == "buy" else -self.filled

    @property
    def paid(self) -> float:
        """The price of its fill."""
        sign = 1 if self.side == "buy" else -1
        return self.price * (1 + sign * self.slippage_bps / 1e4)

    def at_ns(self, stage: str) -> int:
        """When it reached a stage, in Unix nanoseconds."""
        after_s = {
            "signal": 0.0,
            "risk": self.risk_s,
            "sent": self.risk_s + self.sent_s,
            "ack": self.risk_s + self.sent_s + self.ack_s,
        }
        whole_s = self.risk_s + self.sent_s + self.ack_s
        whole_s += 0.0 if self.end == "reject" else self.end_s
        return round((self.began_s + after_s.get(stage, whole_s)) * 1e9)


_TYPES: Final[Mapping[str, Any]] = {
    "ticks": Tick,
    "quotes": Quote,
    "holdings": Holding,
    "statements": Holding,
    **dict.fromkeys(("intents", "orders", "requests", "reports", "news"), Order),
}
_FIELDS: Final = tuple(each.name for each in fields(Order))

Mail = dict[str, list[Any]]


def packed(mail: Mail) -> dict[str, list[Any]]:
    """Give mail as lists of numbers and texts, to be sent to another process."""
    return {
        kind: [
            [getattr(each, name) for name in _FIELDS] if isinstance(each, Order) else each
            for each in messages
        ]
        for kind, messages in mail.items()
    }


def unpacked(told: Mapping[str, Iterable[Iterable[Any]]]) -> Mail:
    """Make mail again of what ``packed`` gave."""
    return {kind: [_TYPES[kind](*each) for each in messages] for kind, messages in told.items()}


@dataclass(slots=True)
class Post:
    """Mail that waits for each role."""

    boxes: dict[str, Mail] = field(default_factory=dict)

    def take(self, role: str) -> Mail:
        """Everything that came for a role since it last asked."""
        return self.boxes.pop(role, {})

    def send(self, mail: Mail) -> None:
        """Bring mail to whoever hears it; everybody has a copy of an order of their own."""
        for kind, messages in mail.items():
            for role in ROUTES[kind]:
                self.boxes.setdefault(role, {}).setdefault(kind, []).extend(messages)
