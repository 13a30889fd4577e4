"""The sources of targets that one job names, each with the settings that made it."""

from collections.abc import Iterator

from tapewatch.metrics.scrape.discovery.dns import DnsDiscovery
from tapewatch.metrics.scrape.discovery.file import FileDiscovery
from tapewatch.metrics.scrape.discovery.groups import Discovery
from tapewatch.metrics.scrape.discovery.http import HttpDiscovery
from tapewatch.metrics.scrape.discovery.kubernetes.discovery import KubernetesDiscovery
from tapewatch.metrics.scrape.discovery.resolver import Resolver
from tapewatch.metrics.scrape.discovery.static import StaticDiscovery
from tapewatch.metrics.scrape.settings import ScrapeConfig
from tapewatch.model.clock import Clock


def sources_of(config: ScrapeConfig, clock: Clock) -> Iterator[tuple[object, Discovery]]:
    """Yield the settings of every source with the source itself, not yet begun."""
    if config.static_configs:
        yield config.static_configs, StaticDiscovery(config.static_configs)
    for file in config.file_sd_configs:
        yield file, FileDiscovery(file, clock)
    for http in config.http_sd_configs:
        yield http, HttpDiscovery(http, clock)
    for dns in config.dns_sd_configs:
        yield dns, DnsDiscovery(dns, clock, Resolver())
    for kubernetes in config.kubernetes_sd_configs:
        yield kubernetes, KubernetesDiscovery(kubernetes, clock)
