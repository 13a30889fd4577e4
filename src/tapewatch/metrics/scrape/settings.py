"""
The part of ``prometheus.yml`` that says what is scraped, with Prometheus' names and defaults.

``ScrapeConfig`` is one entry of ``scrape_configs`` as it is written. Where it says nothing, the
``global`` section does: ``Job`` is the entry with everything decided, and the rest of scraping
knows jobs alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeVar

from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.reading import read_file
from tapewatch.document.types import DurationMs, FilePath, SizeBytes
from tapewatch.metrics.scrape import protocols
from tapewatch.metrics.scrape.discovery.dns import DnsSettings
from tapewatch.metrics.scrape.discovery.file import FileSettings
from tapewatch.metrics.scrape.discovery.http import HttpDiscoverySettings
from tapewatch.metrics.scrape.discovery.kubernetes.settings import KubernetesSettings
from tapewatch.metrics.scrape.discovery.static import StaticSettings
from tapewatch.metrics.scrape.http.settings import HttpSettings
from tapewatch.metrics.scrape.protocols import Protocol
from tapewatch.metrics.scrape.relabel import RelabelRule
from tapewatch.wire.exposition.escape import Escaping

INTERVAL_MIN_MS: Final = 100

Value = TypeVar("Value")


class NameScheme(StrEnum):
    """Which names of metrics and labels are taken."""

    UTF8 = "utf8"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalConfig:
    """What holds for every job that does not say otherwise."""

    scrape_interval: DurationMs = option("How often.", default=60_000, low=INTERVAL_MIN_MS)
    scrape_timeout: DurationMs | None = option(
        "How long one scrape may take; 10s, or the interval where that is shorter.", default=None
    )
    scrape_protocols: tuple[Protocol, ...] = option(
        "Forms to ask targets for, the best first.", default=protocols.DEFAULT
    )
    evaluation_interval: DurationMs = option("How often rules are evaluated.", default=60_000)
    rule_query_offset: DurationMs = option("How far back rules look.", default=0)
    external_labels: dict[str, str] = option("Labels for the outside.", default_factory=dict)
    query_log_file: FilePath | None = option("Where queries are logged.", default=None)
    scrape_failure_log_file: FilePath | None = option(
        "Where failed scrapes are logged.", default=None
    )
    body_size_limit: SizeBytes = option("Largest body, unpacked; 0 is no limit.", default=0)
    sample_limit: int = option("Most samples of a scrape; 0 is no limit.", default=0, low=0)
    label_limit: int = option("Most labels of a series; 0 is no limit.", default=0, low=0)
    label_name_length_limit: int = option("Longest label name; 0 is no limit.", default=0, low=0)
    label_value_length_limit: int = option("Longest label value; 0 is no limit.", default=0, low=0)
    target_limit: int = option("Most targets of a job; 0 is no limit.", default=0, low=0)
    keep_dropped_targets: int = option(
        "How many dropped targets are remembered; 0 is all of them.", default=0, low=0
    )
    metric_name_validation_scheme: NameScheme = option(
        "Which names are taken.", default=NameScheme.UTF8
    )
    metric_name_escaping_scheme: Escaping | None = option(
        "How targets are asked to write other names.", default=None
    )
    scrape_native_histograms: bool = option("Whether to take native histograms.", default=False)
    convert_classic_histograms_to_nhcb: bool = option(
        "Whether to store classic histograms as native ones.", default=False
    )
    always_scrape_classic_histograms: bool = option(
        "Whether to take classic buckets beside native ones.", default=False
    )
    extra_scrape_metrics: bool = option(
        "Whether to store timeout, limit and body size of scrapes too.", default=False
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that a scrape ends before the next begins."""
        yield from timeout_faults(self.scrape_timeout, self.scrape_interval)
        yield from protocol_faults(self.scrape_protocols)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeConfig(HttpSettings):
    """One job, as written."""

    job_name: str = option("The name, unique; it becomes the label job.")
    scrape_interval: DurationMs | None = option("How often.", default=None, low=INTERVAL_MIN_MS)
    scrape_timeout: DurationMs | None = option("How long one scrape may take.", default=None)
    scrape_protocols: tuple[Protocol, ...] = option(
        "Forms to ask targets for, the best first.", default=()
    )
    fallback_scrape_protocol: Protocol | None = option(
        "Form of a body that does not tell.", default=None
    )
    scrape_native_histograms: bool | None = option(
        "Whether to take native histograms.", default=None
    )
    convert_classic_histograms_to_nhcb: bool | None = option(
        "Whether to store classic histograms as native ones.", default=None
    )
    always_scrape_classic_histograms: bool | None = option(
        "Whether to take classic buckets beside native ones.", default=None
    )
    extra_scrape_metrics: bool | None = option(
        "Whether to store timeout, limit and body size of scrapes too.", default=None
    )
    metrics_path: str = option("The path of the URL.", default="/metrics")
    honor_labels: bool = option(
        "Whether the target's labels win over ours; else they become exported_….", default=False
    )
    honor_timestamps: bool = option("Whether to use times that targets give.", default=True)
    track_timestamps_staleness: bool = option(
        "Whether series with times of their own are marked stale when they go.", default=False
    )
    scheme: Literal["http", "https"] = option("The scheme of the URL.", default="http")
    params: dict[str, tuple[str, ...]] = option("Query of the URL.", default_factory=dict)
    enable_compression: bool = option("Whether to ask for gzip.", default=True)
    scrape_failure_log_file: FilePath | None = option(
        "Where failed scrapes are logged.", default=None
    )
    body_size_limit: SizeBytes = option("Largest body, unpacked.", default=0)
    sample_limit: int = option("Most samples of a scrape.", default=0, low=0)
    label_limit: int = option("Most labels of a series.", default=0, low=0)
    label_name_length_limit: int = option("Longest label name.", default=0, low=0)
    label_value_length_limit: int = option("Longest label value.", default=0, low=0)
    target_limit: int = option("Most targets.", default=0, low=0)
    keep_dropped_targets: int = option("How many dropped ones are remembered.", default=0, low=0)
    native_histogram_bucket_limit: int = option(
        "Most buckets of a native histogram; its resolution is lowered to fit.", default=0, low=0
    )
    native_histogram_min_bucket_factor: float = option(
        "Least growth from one bucket to the next; the resolution is lowered to fit.", default=0.0
    )
    metric_name_validation_scheme: NameScheme | None = option(
        "Which names are taken.", default=None
    )
    metric_name_escaping_scheme: Escaping | None = option(
        "How targets are asked to write other names.", default=None
    )
    static_configs: tuple[StaticSettings, ...] = option("Targets as listed.", default=())
    file_sd_configs: tuple[FileSettings, ...] = option("Targets from files.", default=())
    http_sd_configs: tuple[HttpDiscoverySettings, ...] = option(
        "Targets from HTTP endpoints.", default=()
    )
    dns_sd_configs: tuple[DnsSettings, ...] = option("Targets from DNS records.", default=())
    kubernetes_sd_configs: tuple[KubernetesSettings, ...] = option(
        "Targets from a Kubernetes API.", default=()
    )
    relabel_configs: tuple[RelabelRule, ...] = option("Rules for targets.", default=())
    metric_relabel_configs: tuple[RelabelRule, ...] = option("Rules for samples.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the job by itself."""
        yield from HttpSettings.faults(self)
        if not self.job_name:
            yield "job_name", "must not be empty"
        if self.scrape_interval is not None:
            yield from timeout_faults(self.scrape_timeout, self.scrape_interval)
        yield from protocol_faults(self.scrape_protocols)


def timeout_faults(timeout_ms: int | None, interval_ms: int) -> Iterator[tuple[str, str]]:
    """Check that a scrape ends before the next begins."""
    if timeout_ms is not None and not 0 < timeout_ms <= interval_ms:
        yield "scrape_timeout", "must be above 0 and no longer than scrape_interval"


def protocol_faults(asked: Sequence[Protocol]) -> Iterator[tuple[str, str]]:
    """Check that no form is asked for twice."""
    if len(set(asked)) < len(asked):
        yield "scrape_protocols", "names a protocol twice"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scrape, or one job, may bring; 0 is no limit."""

    body_bytes: int = 0
    samples: int = 0
    labels: int = 0
    label_name_length: int = 0
    label_value_length: int = 0
    targets: int = 0
    dropped_targets: int = 0
    buckets: int = 0
    bucket_factor: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job with everything decided; ``config`` holds what needed no decision."""

    config: ScrapeConfig
    interval_ms: int
    timeout_ms: int
    protocols: tuple[Protocol, ...]
    names: NameScheme
    escaping: Escaping
    limits: Limits
    native_histograms: bool = False
    classic_to_native: bool = False
    classic_too: bool = False
    extra_metrics: bool = False
    failure_log: Path | None = None
    type_and_unit_labels: bool = False

    @property
    def name(self) -> str:
        """The job's name."""
        return self.config.job_name

    def scrapes_like(self, other: "Job") -> bool:
        """Say whether a target is scraped and recorded in the same way under ``other``."""
        return _without_targets(self) == _without_targets(other)


def _without_targets(job: Job) -> Job:
    # Leaves out what only decides which targets there are.
    config = replace(
        job.config,
        static_configs=(),
        file_sd_configs=(),
        http_sd_configs=(),
        dns_sd_configs=(),
        kubernetes_sd_configs=(),
        relabel_configs=(),
        target_limit=0,
        keep_dropped_targets=0,
    )
    limits = replace(job.limits, targets=0, dropped_targets=0)
    return replace(job, config=config, limits=limits)


@dataclass(frozen=True, slots=True)
class ScrapeSettings:
    """The sections of ``prometheus.yml`` that scraping reads."""

    global_: GlobalConfig = option("", default_factory=GlobalConfig, key="global")
    scrape_configs: tuple[ScrapeConfig, ...] = option("The jobs.", default=())
    scrape_config_files: tuple[FilePath, ...] = option("Files with more jobs.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check what jobs must agree on."""
        yield from job_faults(self.scrape_configs, self.global_)

    def jobs(self, *, type_and_unit_labels: bool = False) -> list[Job]:
        """Decide every job; raises ``DocumentError`` for faults in further files."""
        configs = [*self.scrape_configs]
        for path in self.scrape_config_files:
            for file in sorted(path.parent.glob(path.name)):
                configs.extend(_read_more(file, configs, self.global_))
        return [
            job_of(config, self.global_, type_and_unit_labels=type_and_unit_labels)
            for config in configs
        ]


@dataclass(frozen=True, slots=True)
class MoreJobs:
    """A file that ``scrape_config_files`` names."""

    scrape_configs: tuple[ScrapeConfig, ...] = option("The jobs.", default=())


def _read_more(
    file: Path, known: Sequence[ScrapeConfig], shared: GlobalConfig
) -> tuple[ScrapeConfig, ...]:
    more = read_file(file, MoreJobs).scrape_configs
    found = list(job_faults([*known, *more], shared))
    if found:
        raise DocumentError([Fault(str(file), 0, path, message) for path, message in found])
    return more


def job_faults(configs: Sequence[ScrapeConfig], shared: GlobalConfig) -> Iterator[tuple[str, str]]:
    """Check that names are unique and that timeouts fit the intervals they meet."""
    names: set[str] = set()
    for index, config in enumerate(configs):
        path = f"scrape_configs[{index}]"
        if config.job_name in names:
            yield f"{path}.job_name", f"another job is called {config.job_name!r} too"
        names.add(config.job_name)
        if config.scrape_interval is None:
            for inner, message in timeout_faults(config.scrape_timeout, shared.scrape_interval):
                yield f"{path}.{inner}", message


def job_of(
    config: ScrapeConfig, shared: GlobalConfig, *, type_and_unit_labels: bool = False
) -> Job:
    """Decide one job: its own words first, then the global ones."""
    interval_ms = config.scrape_interval or shared.scrape_interval
    names = config.metric_name_validation_scheme or shared.metric_name_validation_scheme
    native = _first(config.scrape_native_histograms, shared.scrape_native_histograms)
    return Job(
        config=config,
        interval_ms=interval_ms,
        # A global timeout that is too long for a job is cut to its interval.
        timeout_ms=config.scrape_timeout or min(shared.scrape_timeout or 10_000, interval_ms),
        protocols=_protocols(config.scrape_protocols or shared.scrape_protocols, native=native),
        names=names,
        escaping=_escaping(config, shared, names),
        limits=_limits(config, shared),
        native_histograms=native,
        classic_to_native=_first(
            config.convert_classic_histograms_to_nhcb, shared.convert_classic_histograms_to_nhcb
        ),
        classic_too=_first(
            config.always_scrape_classic_histograms, shared.always_scrape_classic_histograms
        ),
        extra_metrics=_first(config.extra_scrape_metrics, shared.extra_scrape_metrics),
        failure_log=config.scrape_failure_log_file or shared.scrape_failure_log_file,
        type_and_unit_labels=type_and_unit_labels,
    )


def _protocols(asked: tuple[Protocol, ...], *, native: bool) -> tuple[Protocol, ...]:
    # Native histograms only travel in the binary form, so it is asked for first.
    if native and asked == protocols.DEFAULT:
        return (Protocol.PROTOBUF, *asked)
    return asked


def _escaping(config: ScrapeConfig, shared: GlobalConfig, names: NameScheme) -> Escaping:
    said = config.metric_name_escaping_scheme or shared.metric_name_escaping_scheme
    if said is not None:
        return said
    return Escaping.ALLOW_UTF8 if names is NameScheme.UTF8 else Escaping.UNDERSCORES


def _limits(config: ScrapeConfig, shared: GlobalConfig) -> Limits:
    return Limits(
        body_bytes=config.body_size_limit or shared.body_size_limit,
        samples=config.sample_limit or shared.sample_limit,
        labels=config.label_limit or shared.label_limit,
        label_name_length=config.label_name_length_limit or shared.label_name_length_limit,
        label_value_length=config.label_value_length_limit or shared.label_value_length_limit,
        targets=config.target_limit or shared.target_limit,
        dropped_targets=config.keep_dropped_targets or shared.keep_dropped_targets,
        buckets=config.native_histogram_bucket_limit,
        bucket_factor=config.native_histogram_min_bucket_factor,
    )


def _first(own: Value | None, shared: Value) -> Value:
    return shared if own is None else own
