"""The platform: what holds for everything that a pack declares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.catalog.rule import SEVERITIES
from tapewatch.catalog.words import is_name
from tapewatch.document import nodes
from tapewatch.document.fields import option
from tapewatch.document.reading import NOTHING, Reader
from tapewatch.document.types import DurationMs
from tapewatch.model.numbers import format_float_go

_DAY_MS: Final = 86_400_000
ALWAYS_OPEN: Final = "24/7"
ENGINE_PORTS: Final[Mapping[str, int]] = {
    "tapewatch": 7600,
    "prometheus": 9090,
    "alertmanager": 9093,
    "grafana": 3000,
    "loki": 3100,
    "tempo": 3200,
    "otlp_grpc": 4317,
    "otlp_http": 4318,
}
"""Where the engines listen that a platform is rendered for, unless it moves them."""


@dataclass(frozen=True, slots=True)
class SeverityWords:
    """What one of the four severities means on this platform."""

    word: str = option("The platform's own word; it stands in the label severity.")
    means: str = option("What it asks of whoever is told.", default="")
    respond: DurationMs = option("How soon somebody has to answer.", default=0)
    channels: tuple[str, ...] = option("Where its alerts go.", default=())


_WORDS: Final = {
    "P0": SeverityWords("critical", "Money is being lost: act now.", 5 * 60_000),
    "P1": SeverityWords("high", "Money is at risk: act within minutes.", 15 * 60_000),
    "P2": SeverityWords("medium", "Look at it today.", _DAY_MS),
    "P3": SeverityWords("low", "Look at it this week.", 7 * _DAY_MS),
}


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept."""

    metrics: DurationMs = option("Samples as they came.", default=15 * _DAY_MS)
    summaries: DurationMs = option("Summaries of samples.", default=400 * _DAY_MS)
    logs: DurationMs = option("Log records.", default=30 * _DAY_MS)
    traces: DurationMs = option("Spans.", default=7 * _DAY_MS)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that alerts compare with, declared once: ``$name`` in expressions and texts."""

    value: float = option("The number, in the unit of what it is compared with.")
    unit: str = option("Its unit, for texts, where its name does not tell.", default="")
    why: str = option("Where it comes from: a contract, a measurement, a decision.", default="")

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a number alone, or a number with its unit and reason."""
        if isinstance(node, nodes.Scalar):
            value = reader.read(node, float, path)
            return NOTHING if value is NOTHING else cls(value)
        read = reader.read(node, _LimitInFull, path)
        return NOTHING if read is NOTHING else cls(read.value, read.unit, read.why)

    @staticmethod
    def schema_node() -> dict[str, Any]:
        """Describe both forms."""
        fields = {
            "value": {"type": "number"},
            "unit": {"type": "string"},
            "why": {"type": "string"},
        }
        full = {
            "type": "object",
            "properties": fields,
            "required": ["value"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": "number"}, full]}

    def to_plain(self) -> Any:
        """Write it back in full."""
        return {"value": self.value, "unit": self.unit, "why": self.why}

    def __str__(self) -> str:
        return format_float_go(self.value)


@dataclass(frozen=True, slots=True)
class _LimitInFull:
    value: float = option("The number.")
    unit: str = option("Its unit.", default="")
    why: str = option("Where it comes from.", default="")


@dataclass(frozen=True, slots=True)
class Platform:
    """What holds for the whole platform."""

    name: str = option("Its name, the folder's name too.")
    title: str = option("Its name for people.", default="")
    help: str = option("What it is, in a sentence or two.", default="")
    base: bool = option(
        "Whether it is ground for others, without owners and channels.", default=False
    )
    uses: tuple[str, ...] = option("The packs that it is built on.", default=())
    owner: str = option("Whose everything is that does not say.", default="")
    calendar: str = option("When its markets are open, as in XNYS.", default=ALWAYS_OPEN)
    every: DurationMs = option("How often rules are evaluated.", default=15_000, low=100)
    scrape_every: DurationMs = option("How often services are scraped.", default=15_000, low=100)
    severities: dict[str, SeverityWords] = option(
        "The words, answer times and channels of P0 to P3.", default_factory=dict
    )
    group_by: tuple[str, ...] = option(
        "Labels whose alerts come in one message.", default=("alertname", "service")
    )
    may_leave: tuple[str, ...] = option(
        "Labels that messages may show, beside the ones that are always safe.", default=()
    )
    target_labels: dict[str, str] = option("Labels of every target.", default_factory=dict)
    url: str = option(
        "Where its console is, for links; where nothing is said, the server that runs it.",
        default="",
    )
    retention: Retention = option("How long what is kept.", default_factory=Retention)
    engine_ports: dict[str, int] = option(
        "Where engines listen, when not at their usual ports.", default_factory=dict
    )
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the names of severities and engines."""
        if not is_name(self.name):
            yield "name", f"{self.name!r} is not a name: write letters, digits, - and _"
        for severity in self.severities:
            if severity not in SEVERITIES:
                yield f"severities.{severity}", f"is not one of {', '.join(SEVERITIES)}"
        for engine in self.engine_ports:
            if engine not in ENGINE_PORTS:
                yield f"engine_ports.{engine}", f"is not one of {', '.join(ENGINE_PORTS)}"

    def words(self, severity: str) -> SeverityWords:
        """Tell what a severity means here."""
        return self.severities.get(severity, _WORDS[severity])

    def link(self, place: str) -> str:
        """Return the address of a place of the console."""
        base = self.url or f"http://127.0.0.1:{self.port('tapewatch')}"
        return f"{base.rstrip('/')}/{place}"

    def port(self, engine: str) -> int:
        """Tell where an engine listens."""
        return self.engine_ports.get(engine, ENGINE_PORTS[engine])
