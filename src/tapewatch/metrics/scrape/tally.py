"""What is counted about the scrapes of one job."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tapewatch.metrics.intake import Taken
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, family


@dataclass(slots=True)
class Tally:
    """Counts since the job began."""

    scrapes: int = 0
    late: int = 0
    skipped: int = 0
    samples: int = 0
    body_bytes: int = 0
    seconds: float = 0.0
    syncs: int = 0
    sync_seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    discovery_failures: Counter[str] = field(default_factory=Counter)
    targets_refused: int = 0

    def take(self, taken: Taken) -> None:
        """Count what storage did with an arrival."""
        self.samples += taken.samples
        if taken.refused:
            self.refused["out_of_order"] += taken.out_of_order
            self.refused["too_old"] += taken.too_old
            self.refused["duplicate"] += taken.duplicates


_PLAIN: Final = (
    ("scrapes_total", "scrapes", "Scrapes that were begun."),
    ("scrapes_late_total", "late", "Scrapes that began later than their time, with their own."),
    ("scrapes_skipped_total", "skipped", "Scrapes left out as the one before took too long."),
    ("scrape_samples_total", "samples", "Samples that storage took from scrapes."),
    ("scrape_body_bytes_total", "body_bytes", "Bytes of bodies, unpacked."),
    ("scrape_seconds_total", "seconds", "Time spent in scrapes."),
    ("scrape_syncs_total", "syncs", "How often the targets were worked out anew."),
    ("scrape_sync_seconds_total", "sync_seconds", "Time spent in working out targets."),
    ("scrape_targets_refused_total", "targets_refused", "Discovered labels that make no target."),
)
_REASONS: Final = (
    ("scrape_failures_total", "failures", "cause", "Scrapes that brought nothing."),
    ("scrape_samples_refused_total", "refused", "reason", "Samples that were not kept."),
    (
        "scrape_discovery_failures_total",
        "discovery_failures",
        "mechanism",
        "Sources of targets that could not be read.",
    ),
)


def tally_families(tallies: Mapping[str, Tally]) -> Iterator[Family]:
    """Yield the counts of all jobs as metrics."""
    for name, attribute, help_text in _PLAIN:
        values = [
            (Labels.of(job=job), float(getattr(tally, attribute))) for job, tally in tallies.items()
        ]
        yield family(f"tapewatch_{name}", MetricType.COUNTER, help_text, values)
    for name, attribute, label, help_text in _REASONS:
        values = [
            (Labels.of({"job": job, label: reason}), float(count))
            for job, tally in tallies.items()
            for reason, count in sorted(getattr(tally, attribute).items())
        ]
        yield family(f"tapewatch_{name}", MetricType.COUNTER, help_text, values)


def gauges(name: str, help_text: str, values: Iterable[tuple[Labels, float]]) -> Family:
    """Build a gauge family under our prefix."""
    return family(f"tapewatch_{name}", MetricType.GAUGE, help_text, list(values))
