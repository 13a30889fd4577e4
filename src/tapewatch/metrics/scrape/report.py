"""What we say ourselves of a scrape: the series that stand beside the target's own."""

from dataclasses import dataclass
from typing import Final

NAMES: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
EXTRA_NAMES: Final = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")


@dataclass(slots=True)
class Report:
    """The numbers of one scrape."""

    up: bool
    duration_seconds: float
    samples: int = 0
    samples_kept: int = 0
    series_added: int = 0
    timeout_seconds: float = 0.0
    sample_limit: int = 0
    body_bytes: int = 0

    def values(self, *, extra: bool) -> tuple[float, ...]:
        """Return the numbers in the order of the names."""
        always = (
            float(self.up),
            self.duration_seconds,
            float(self.samples),
            float(self.samples_kept),
            float(self.series_added),
        )
        if not extra:
            return always
        return (*always, self.timeout_seconds, float(self.sample_limit), float(self.body_bytes))


def report_names(*, extra: bool) -> tuple[str, ...]:
    """Return the names of the series."""
    return (*NAMES, *EXTRA_NAMES) if extra else NAMES
