"""
From discovered labels to a target: what is scraped, where, how often, and under which labels.

Labels that begin with ``__`` steer scraping and are gone afterwards; ``__meta_`` labels are there
for relabelling alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from tapewatch.metrics.scrape.discovery.groups import ADDRESS, TargetGroup
from tapewatch.metrics.scrape.errors import TargetRefused
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.settings import INTERVAL_MIN_MS, Job
from tapewatch.model.durations import format_duration_ms, parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.model.hashing import fnv1a64
from tapewatch.model.labels import Labels

SCHEME: Final = "__scheme__"
PATH: Final = "__metrics_path__"
INTERVAL: Final = "__scrape_interval__"
TIMEOUT: Final = "__scrape_timeout__"
PARAM: Final = "__param_"
META: Final = "__meta_"
RESERVED: Final = "__"


class TargetHealth(StrEnum):
    """What the last scrape says of a target."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Target:
    """Something to scrape; two targets with the same ``key`` are one."""

    labels: Labels
    discovered: Labels
    url: str
    interval_ms: int
    timeout_ms: int

    @cached_property
    def key(self) -> tuple[Labels, str]:
        """What makes the target the one it is."""
        return self.labels, self.url

    @cached_property
    def phase(self) -> int:
        """A number that spreads targets over the interval, the same after every restart."""
        return fnv1a64(f"{self.labels.stable_hash():016x}{self.url}".encode())


@dataclass(frozen=True, slots=True)
class Dropped:
    """A target that relabelling has dropped."""

    discovered: Labels


def build_targets(
    group: TargetGroup, job: Job, relabeler: Relabeler
) -> Iterator[Target | Dropped | TargetRefused]:
    """Make targets of a group; one that cannot be is yielded as its fault."""
    for index, own in enumerate(group.targets):
        try:
            yield build_target({**group.labels, **own}, job, relabeler)
        except TargetRefused as fault:
            yield TargetRefused(f"target {index} of group {group.source}: {fault}")


def build_target(found: Mapping[str, str], job: Job, relabeler: Relabeler) -> Target | Dropped:
    """Make a target of discovered labels; raises ``TargetRefused``."""
    labels = with_defaults(found, job)
    discovered = Labels.of(labels)
    if not relabeler.apply(labels):
        return Dropped(discovered)
    address = labels.get(ADDRESS, "")
    if not address:
        raise TargetRefused("no address: set the label __address__")
    if "/" in address:
        raise TargetRefused(f"{address!r} is not HOST:PORT")
    interval_ms, timeout_ms = _times(labels)
    labels.setdefault("instance", address)
    public = {name: value for name, value in labels.items() if not name.startswith(RESERVED)}
    return Target(Labels.of(public), discovered, _url(labels, job), interval_ms, timeout_ms)


def with_defaults(found: Mapping[str, str], job: Job) -> dict[str, str]:
    """Add what the job says to the labels that were discovered."""
    config = job.config
    defaults = {
        "job": config.job_name,
        INTERVAL: format_duration_ms(job.interval_ms),
        TIMEOUT: format_duration_ms(job.timeout_ms),
        PATH: config.metrics_path,
        SCHEME: config.scheme,
    }
    given = {name: value for name, value in found.items() if value}
    params = {f"{PARAM}{name}": values[0] for name, values in config.params.items() if values}
    return {**defaults, **given, **params}


def _times(labels: Mapping[str, str]) -> tuple[int, int]:
    interval_ms = _duration_ms(labels, INTERVAL)
    timeout_ms = _duration_ms(labels, TIMEOUT)
    if interval_ms < INTERVAL_MIN_MS:
        raise TargetRefused(f"{INTERVAL} {labels[INTERVAL]} is shorter than {INTERVAL_MIN_MS}ms")
    if not 0 < timeout_ms <= interval_ms:
        message = f"{TIMEOUT} {labels[TIMEOUT]} must be above 0, and at most {INTERVAL} "
        raise TargetRefused(message + labels[INTERVAL])
    return interval_ms, timeout_ms


def _duration_ms(labels: Mapping[str, str], name: str) -> int:
    try:
        return parse_duration_ms(labels.get(name, ""))
    except BadText as fault:
        raise TargetRefused(f"{name}: {fault}") from None


def _url(labels: Mapping[str, str], job: Job) -> str:
    scheme = labels.get(SCHEME, "") or "http"
    if scheme not in ("http", "https"):
        raise TargetRefused(f"{SCHEME} {scheme!r} is neither http nor https")
    path = labels.get(PATH, "")
    params = {name: list(values) for name, values in job.config.params.items()}
    for name, value in labels.items():
        if name.startswith(PARAM):
            key = name.removeprefix(PARAM)
            params[key] = [value, *params.get(key, [])[1:]]
    query = urlencode(sorted(params.items()), doseq=True)
    slash = "" if path.startswith("/") or not path else "/"
    return f"{scheme}://{labels[ADDRESS]}{slash}{path}{'?' if query else ''}{query}"
