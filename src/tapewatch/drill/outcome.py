"""What a drill has found: of each alert, of each fault, and of the whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from tapewatch.floor.ledger import Cost

Clock = Literal["played", "real"]
DETECT_MAX_S: Final = 1.0
PRECISION_MIN: Final = 0.95


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """What became of one alert when a fault was let loose that must set it off."""

    pack: str
    alert: str
    fault: str
    clock: Clock
    severity: str
    page: bool
    hold_s: float
    """How long it has to hold before it fires."""

    fired: bool = False
    observable_s: float = 0.0
    """When its expression held in the data, after the fault began."""

    detect_s: float = 0.0
    """From then until it fired, without what it has to hold."""

    channel_s: float | None = None
    """From then until a message lay in the inbox; None where none came."""

    channels: tuple[str, ...] = ()
    """The receivers that were told."""

    held_back: bool = False
    """Whether another alert kept it from being told, as the catalog wants it."""

    resolved_s: float | None = None
    """From the end of the fault until it was over; None where it was not seen to end."""

    over_told: bool = False
    """Whether a channel was told of the end."""

    faults: tuple[str, ...] = ()
    """Where a message broke what its service documents."""

    impact: str = ""
    """What it costs while it lasts, as the catalog says."""

    def failures(self) -> Iterator[str]:
        """Say what was not as it has to be."""
        if not self.fired:
            yield "did not fire"
            return
        if not self.channels and not self.held_back:
            yield "reached no channel"
        if self.clock == "played" and self.resolved_s is None:
            yield "did not end after its fault"
        if self.clock == "real" and self.page and not self.hold_s and self.detect_s > DETECT_MAX_S:
            yield f"took {self.detect_s:.2f} s to be seen"
        yield from self.faults


@dataclass(frozen=True, slots=True)
class FaultOutcome:
    """What else became of one fault."""

    pack: str
    fault: str
    clock: Clock
    lasted_s: float
    along: tuple[str, ...] = ()
    """What fired along with it, as the catalog expects."""

    noise: tuple[str, ...] = ()
    """What fired, and should not have."""

    messages: int = 0
    """How many messages people would have got, changes of messages left out."""

    cost: Cost = field(default_factory=Cost)
    """What the desk earned or lost meanwhile, and what became of its orders."""


@dataclass(frozen=True, slots=True)
class QuietOutcome:
    """What a pack did in a time in which nothing went wrong."""

    pack: str
    lasted_s: float
    pages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """Everything that one drill has found."""

    began: str
    seed: int
    packs: tuple[str, ...]
    alerts: list[AlertOutcome] = field(default_factory=list)
    faults: list[FaultOutcome] = field(default_factory=list)
    quiet: list[QuietOutcome] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)
    """Why a part of the drill could not be held."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    memory_bytes: int = 0
    """The largest process that took part."""

    def join(self, other: "Run") -> None:
        """Add what another part of the drill has found."""
        self.alerts += other.alerts
        self.faults += other.faults
        self.quiet += other.quiet
        self.hindered += other.hindered
        self.cpu_s += other.cpu_s
        self.memory_bytes = max(self.memory_bytes, other.memory_bytes)

    def names(self) -> Sequence[tuple[str, str]]:
        """Name every alert that was drilled, once, by pack."""
        return list(dict.fromkeys((each.pack, each.alert) for each in self.alerts))

    def failed(self) -> list[str]:
        """Say which alerts were not as they have to be, and why; and what was not held at all."""
        found: dict[str, None] = dict.fromkeys(self.hindered)
        for each in self.alerts:
            for words in each.failures():
                found[f"{each.pack}/{each.alert}: {words} ({each.fault})"] = None
        return list(found)

    def precision(self) -> float:
        """Tell which part of what fired was expected."""
        expected = sum(each.fired for each in self.alerts if each.clock == "played")
        along = sum(len(each.along) for each in self.faults)
        noise = sum(len(each.noise) for each in self.faults)
        return (expected + along) / (expected + along + noise) if expected else 1.0

    def detections_s(self) -> list[float]:
        """
        List how long pages without a ``for`` took to be seen, the quickest first.

        Those of the machine's clock count where there are some, for only they cost real time.
        """
        told = [each for each in self.alerts if each.fired and each.page and not each.hold_s]
        real = [each.detect_s for each in told if each.clock == "real"]
        return sorted(real or [each.detect_s for each in told])

    def summary(self) -> dict[str, Any]:
        """Say it in one line of JSON."""
        names = self.names()
        silent = {(e.pack, e.alert) for e in self.alerts if not e.fired}
        detections = self.detections_s()
        return {
            "alerts": len(names),
            "fired": len(set(names) - silent),
            "detect_seconds_p50": _quantile(detections, 0.5),
            "detect_seconds_p99": _quantile(detections, 0.99),
            "precision": round(self.precision(), 4),
            "quiet_pages": sum(len(each.pages) for each in self.quiet),
            "failed": self.failed(),
        }

    @property
    def good(self) -> bool:
        """Whether everything was as it has to be."""
        told = self.summary()
        return not told["failed"] and not told["quiet_pages"] and told["precision"] >= PRECISION_MIN

    def to_plain(self) -> dict[str, Any]:
        """Write it for a file."""
        return asdict(self)

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> "Run":
        """Read what ``to_plain`` has written."""
        parts = {
            "alerts": [AlertOutcome(**_tuples(each)) for each in told["alerts"]],
            "faults": [_fault_outcome(each) for each in told["faults"]],
            "quiet": [QuietOutcome(**_tuples(each)) for each in told["quiet"]],
            "hindered": list(told.get("hindered", ())),
        }
        return cls(**{**_tuples(told), **parts})


def _fault_outcome(told: Mapping[str, Any]) -> FaultOutcome:
    return FaultOutcome(**{**_tuples(told), "cost": Cost(**told.get("cost", {}))})


def _tuples(told: Mapping[str, Any]) -> dict[str, Any]:
    return {n: tuple(value) if isinstance(value, list) else value for n, value in told.items()}


def _quantile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return round(values[min(int(share * len(values)), len(values) - 1)], 4)
