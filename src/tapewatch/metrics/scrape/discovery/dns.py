"""Targets from DNS records, asked for again and again."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs
from tapewatch.metrics.scrape.discovery.groups import ADDRESS, Changes, Polling, TargetGroup
from tapewatch.metrics.scrape.discovery.resolver import (
    Record,
    RecordType,
    Resolver,
)
from tapewatch.metrics.scrape.errors import DiscoveryFailed, LookupFailed
from tapewatch.model.clock import Clock

_META: Final = "__meta_dns_"


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """Which names, and which of their records."""

    names: tuple[str, ...] = option("Names to look up.")
    type: Literal["SRV", "A", "AAAA", "MX", "NS"] = option("Kind of record.", default="SRV")
    port: int = option("Port of the targets, where records name none.", default=0, low=0)
    refresh_interval: DurationMs = option("How often names are looked up.", default=30_000, low=1)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that there is a name, and a port where it is needed."""
        if not self.names:
            yield "names", "names nothing to look up"
        if self.type != "SRV" and not self.port:
            yield "port", f"is missing; {self.type} records name none"


class DnsDiscovery(Polling):
    """One group for each name."""

    mechanism = "dns"

    def __init__(self, settings: DnsSettings, clock: Clock, resolver: Resolver) -> None:
        super().__init__(clock, settings.refresh_interval)
        self._settings = settings
        self._resolver = resolver
        self._known: dict[str, TargetGroup] = {}

    async def ask(self) -> Changes:
        """Look up every name; one that cannot be looked up keeps its former targets."""
        names = self._settings.names
        kind = RecordType[self._settings.type]
        lookups = [self._resolver.lookup(name, kind) for name in names]
        faults = []
        for name, found in zip(
            names, await asyncio.gather(*lookups, return_exceptions=True), strict=True
        ):
            if isinstance(found, LookupFailed):
                faults.append(str(found))
            elif isinstance(found, BaseException):
                raise found
            else:
                self._known[name] = self._group(name, kind, found)
        if faults and len(faults) == len(names):
            raise DiscoveryFailed(self.mechanism, "; ".join(faults))
        return list(self._known.values())

    def _group(self, name: str, kind: RecordType, records: list[Record]) -> TargetGroup:
        targets = tuple(self._target(name, kind, record) for record in records)
        return TargetGroup(name, targets)

    def _target(self, name: str, kind: RecordType, record: Record) -> dict[str, str]:
        host = record.target.rstrip(".")
        port = record.port if kind is RecordType.SRV else self._settings.port
        labels = {ADDRESS: f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
        labels[f"{_META}name"] = name
        if kind in (RecordType.SRV, RecordType.MX, RecordType.NS):
            labels[f"{_META}{kind.name.lower()}_record_target"] = record.target
        if kind is RecordType.SRV:
            labels[f"{_META}srv_record_port"] = str(record.port)
        return labels
