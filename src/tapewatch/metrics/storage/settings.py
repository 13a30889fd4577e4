"""What can be set about keeping metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs, SizeBytes

MiB: Final = 1024 * 1024
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long the series that pass a selector are kept."""

    select: str = option('Which series, as in {__name__=~"trading_.*"}.')
    keep: DurationMs = option("How long their samples are kept.")


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """How metrics are kept."""

    retention: DurationMs = option("How long samples are kept.", default=15 * DAY_MS)
    retention_size: SizeBytes = option(
        "The most that blocks and summaries may take on disk; the oldest go first. 0 is no limit.",
        default=0,
    )
    retention_rules: list[RetentionRule] = option(
        "Other times for some series; the first rule that selects one counts.",
        default_factory=list,
    )
    downsample_5m_after: DurationMs = option(
        "Age from which 5-minute summaries are kept too. 0 is never.", default=2 * DAY_MS
    )
    downsample_1h_after: DurationMs = option(
        "Age from which 1-hour summaries are kept too. 0 is never.", default=10 * DAY_MS
    )
    summary_retention: DurationMs = option("How long summaries are kept.", default=400 * DAY_MS)
    out_of_order_window: DurationMs = option(
        "How late a sample may come, seen from the newest one.", default=3_600_000
    )
    commit_interval: DurationMs = option(
        "Longest time until what was taken survives a power loss.", default=100, low=1
    )
    seal_size: SizeBytes = option(
        "Samples in memory that make the head write a segment.", default=16 * MiB, low=65_536
    )
    seal_interval: DurationMs = option(
        "Longest time until the head writes a segment.", default=600_000, low=1_000
    )
    block_span: DurationMs = option(
        "How much time the smallest blocks cover.", default=1_800_000, low=10_000
    )
    series_max: int = option(
        "How many series may be alive; further ones are refused, and counted. 0 is no limit.",
        default=5_000_000,
    )
    tenant_label: str = option(
        "The label that tells the tenants of one server apart, for tenant_series_max.", default=""
    )
    tenant_series_max: int = option(
        "How many series of one tenant may be alive. 0 is no limit.", default=0, low=0
    )
    page_cache: SizeBytes = option("Memory for pages that were read lately.", default=32 * MiB)
    exemplars_max: int = option("How many exemplars are kept.", default=100_000, low=0)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that nothing is summarised after it is gone."""
        if self.downsample_1h_after and self.downsample_1h_after < self.downsample_5m_after:
            yield "downsample_1h_after", "must not come before downsample_5m_after"
        if self.tenant_series_max and not self.tenant_label:
            yield "tenant_series_max", "needs tenant_label, the label that names the tenant"
