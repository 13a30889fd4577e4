"""Recording rules and alerts, as they are declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tapewatch.catalog.forms import CalendarGuard
from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs

Severity = Literal["P0", "P1", "P2", "P3"]
SEVERITIES: Final[tuple[Severity, ...]] = ("P0", "P1", "P2", "P3")
_RESERVED: Final = ("alertname", "severity", "priority", "owner")


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A series that is computed; its key is the name, as in ``service:orders:rate5m``."""

    expr: str = option("What is computed, in PromQL.")
    help: str = option("What it tells, in a sentence.", default="")
    unit: str = option("What its numbers are, where the name does not tell.", default="")
    labels: dict[str, str] = option("Labels that it gets.", default_factory=dict)
    every: DurationMs = option("How often; 0 is as the platform says.", default=0)
    group: str = option("Its rule group; the file's name otherwise.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class Alert:
    """What wakes whom, why, and what to do; its key is the name, as in ``OrderRejectsHigh``."""

    expr: str = option("When it fires, in PromQL; $name is a limit.")
    severity: Severity = option("P0 at once, P1 within minutes, P2 today, P3 this week.")
    summary: str = option("What is wrong, in one line; a template.", default="")
    description: str = option("What was measured, against what; a template.", default="")
    impact: str = option("What it costs while it lasts.", default="")
    action: str = option("The first thing to do.", default="")
    for_: DurationMs = option(
        "How long it must hold before it fires; 0s is at once.", key="for", default=0
    )
    keep_firing_for: DurationMs = option("How long it goes on after it has ended.", default=0)
    service: str = option("The service that it is about.", default="")
    owner: str = option("Whose it is; the service's owner otherwise.", default="")
    runbook: str = option("Its runbook; the alert's name in kebab-case otherwise.", default="")
    dashboard: str = option("The dashboard that shows it.", default="")
    only_while: CalendarGuard | None = option(
        "The calendar outside of which it is quiet, as in XNYS open for 5m.", default=None
    )
    no_data: Literal["ok", "alert", "keep"] = option(
        "What it does when its metrics are gone: nothing, fire, or stay as it was.", default="ok"
    )
    channels: tuple[str, ...] = option("Where it goes; as its severity says otherwise.", default=())
    triggers: tuple[str, ...] = option("The actions that it sets off by itself.", default=())
    may_leave: tuple[str, ...] = option(
        "Labels that messages may show, beside the platform's.", default=()
    )
    consequences: tuple[str, ...] = option(
        "Alerts that are expected along with it; they are held back while it fires.", default=()
    )
    leads_to: tuple[str, ...] = option(
        "Alerts that may follow from it, and are told all the same.", default=()
    )
    labels: dict[str, str] = option("More labels that it gets.", default_factory=dict)
    every: DurationMs = option("How often it is evaluated; 0 is as the platform says.", default=0)
    group: str = option("Its rule group; the file's name otherwise.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Refuse labels that are set from other settings."""
        for name in _RESERVED:
            if name in self.labels:
                yield f"labels.{name}", f"{name} is set from the alert's own settings"
