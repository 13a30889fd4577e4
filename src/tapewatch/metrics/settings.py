"""
What can be set about metrics: keeping, asking, scraping and receiving them.

Whoever knows ``prometheus.yml`` knows the keys: ``global`` and ``scrape_configs`` mean what they
mean there, and ``config_file`` takes them from an existing file as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.reading import read_node, suggestion
from tapewatch.document.types import DurationMs, FilePath, SizeBytes
from tapewatch.metrics.promql.features import Features
from tapewatch.metrics.promql.parse import parse_series_selector
from tapewatch.metrics.promql.settings import Settings as EngineSettings
from tapewatch.metrics.scrape.settings import GlobalConfig, Job, ScrapeConfig, ScrapeSettings
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.errors import TapewatchError
from tapewatch.wire.otlp.metrics import Translation
from tapewatch.wire.otlp.names import Strategy

GiB: Final = 1024 * 1024 * 1024

FEATURES: Final = (
    "promql-experimental-functions",
    "promql-extended-range-selectors",
    "promql-binop-fill-modifiers",
    "promql-delayed-name-removal",
    "use-start-timestamps",
    "type-and-unit-labels",
)
"""What can be switched on, by the names of Prometheus' feature flags."""

SCRAPE_KEYS: Final = ("global", "scrape_configs", "scrape_config_files")
OTHER_KEYS: Final = (
    "runtime",
    "rule_files",
    "alerting",
    "remote_write",
    "remote_read",
    "storage",
    "tracing",
    "otlp",
)
"""Sections of ``prometheus.yml`` that say nothing about scraping."""


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """What one query may cost, and what it may say."""

    lookback_delta: DurationMs = option(
        "How far back an instant selector looks for a sample.", default=300_000, low=1
    )
    timeout: DurationMs = option("Longest time that a query may take.", default=120_000, low=1)
    samples_max: int = option(
        "The most samples that a query may hold at once.", default=50_000_000, low=1
    )
    memory_max: SizeBytes = option(
        "The most memory that a query's samples may take.", default=GiB, low=1024 * 1024
    )
    concurrency: int = option(
        "How many queries are worked on at once; the others wait.", default=20, low=1
    )
    features: tuple[str, ...] = option(
        "Parts of PromQL to switch on, by Prometheus' names.", default=()
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the names of features."""
        for index, name in enumerate(self.features):
            if name not in FEATURES:
                known = ", ".join(FEATURES)
                hint = suggestion(name, FEATURES)
                yield f"features[{index}]", f"{name!r} is not one of {known}{hint}"

    @property
    def engine(self) -> EngineSettings:
        """The same for the engine."""
        on = frozenset(self.features)
        return EngineSettings(
            lookback_ms=self.lookback_delta,
            samples_max=self.samples_max,
            memory_bytes_max=self.memory_max,
            timeout_s=self.timeout / 1000,
            features=Features(
                experimental_functions="promql-experimental-functions" in on,
                extended_range_selectors="promql-extended-range-selectors" in on,
                binop_fill="promql-binop-fill-modifiers" in on,
            ),
            delayed_name_removal="promql-delayed-name-removal" in on,
            start_timestamps="use-start-timestamps" in on,
            type_and_unit_labels="type-and-unit-labels" in on,
        )


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """How metrics of OpenTelemetry become series."""

    translation_strategy: str = option(
        "How names are turned into Prometheus' names.",
        default=Strategy.UnderscoreEscapingWithSuffixes.name,
        choices=tuple(strategy.name for strategy in Strategy),
    )
    promote_resource_attributes: tuple[str, ...] = option(
        "Resource attributes that become labels of every series.", default=()
    )
    promote_all_resource_attributes: bool = option("Whether all of them do.", default=False)
    promote_scope_metadata: bool = option("Whether the scope becomes labels too.", default=False)
    keep_identifying_resource_attributes: bool = option(
        "Whether service.name and its like stay in target_info.", default=False
    )
    convert_histograms_to_nhcb: bool = option(
        "Whether to store classic histograms as native ones.", default=False
    )

    @property
    def translation(self) -> Translation:
        """The same for the reader of exports."""
        return Translation(
            strategy=Strategy[self.translation_strategy],
            promoted=frozenset(self.promote_resource_attributes),
            promote_all=self.promote_all_resource_attributes,
            promote_scope=self.promote_scope_metadata,
            keep_identifying=self.keep_identifying_resource_attributes,
            custom_buckets=self.convert_histograms_to_nhcb,
        )


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Everything about metrics."""

    storage: StorageSettings = option("", default_factory=StorageSettings)
    query: QuerySettings = option("", default_factory=QuerySettings)
    otlp: OtlpSettings = option("", default_factory=OtlpSettings)
    global_: GlobalConfig = option("", default_factory=GlobalConfig, key="global")
    scrape_configs: tuple[ScrapeConfig, ...] = option(
        "The jobs, as in prometheus.yml; without any the server scrapes itself.", default=()
    )
    scrape_config_files: tuple[FilePath, ...] = option("Files with more jobs.", default=())
    config_file: FilePath | None = option(
        "A prometheus.yml whose global and scrape_configs are used as they are.", default=None
    )
    enable_admin_api: bool = option(
        "Whether series may be deleted, and snapshots taken, over HTTP.", default=False
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check what jobs must agree on, the selectors of retention, and the other file."""
        yield from self._scraping().faults()
        for index, rule in enumerate(self.storage.retention_rules):
            try:
                parse_series_selector(rule.select)
            except TapewatchError as fault:
                yield f"storage.retention_rules[{index}].select", str(fault)
        if self.config_file is not None and self.scrape_configs:
            yield "config_file", "excludes scrape_configs: name the jobs in one place"
        try:
            self.jobs()
        except DocumentError as fault:
            place = "scrape_config_files" if self.config_file is None else "config_file"
            yield from ((place, str(each)) for each in fault.faults)

    def scraping(self) -> ScrapeSettings:
        """Return what is scraped; raises ``DocumentError`` where the other file is wrong."""
        if self.config_file is not None:
            return read_prometheus_file(self.config_file)
        return self._scraping()

    def jobs(self) -> list[Job]:
        """Decide every job; raises ``DocumentError`` for faults in other files."""
        typed = "type-and-unit-labels" in self.query.features
        return self.scraping().jobs(type_and_unit_labels=typed)

    def _scraping(self) -> ScrapeSettings:
        return ScrapeSettings(self.global_, self.scrape_configs, self.scrape_config_files)


def read_prometheus_file(path: Path) -> ScrapeSettings:
    """Read what a ``prometheus.yml`` says about scraping; the rest of it is left alone."""
    tree = nodes.load(path)
    if isinstance(tree, nodes.Mapping):
        _refuse_unknown(tree, str(path))
        kept = {key: value for key, value in tree.items.items() if key in SCRAPE_KEYS}
        tree = nodes.Mapping(kept, tree.line, tree.key_lines, tree.origin)
    return read_node(tree, ScrapeSettings, file=str(path), folder=path.parent)


def _refuse_unknown(tree: nodes.Mapping, file: str) -> None:
    known = (*SCRAPE_KEYS, *OTHER_KEYS)
    faults = [
        Fault(file, tree.key_lines.get(key, 0), key, f"is no section{suggestion(key, known)}")
        for key in tree.items
        if key not in known
    ]
    if faults:
        raise DocumentError(faults)
