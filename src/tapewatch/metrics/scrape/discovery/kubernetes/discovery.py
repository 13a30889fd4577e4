"""
Discovery from a cluster: several watches, and the groups that follow from what they say.

A change of a pod, a service, a node or a namespace may change the groups of others, so every group
is worked out anew after a short while, and only those that differ are told.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tapewatch.metrics.scrape.discovery.groups import (
    Changes,
    OnFailure,
    TargetGroup,
    differences,
)
from tapewatch.metrics.scrape.discovery.kubernetes.objects import Cache
from tapewatch.metrics.scrape.discovery.kubernetes.roles import GROUPS, Cluster
from tapewatch.metrics.scrape.discovery.kubernetes.settings import KubernetesSettings, Role
from tapewatch.metrics.scrape.discovery.kubernetes.watch import Resource, Watch
from tapewatch.metrics.scrape.errors import DiscoveryFailed
from tapewatch.metrics.scrape.http.client import HttpClient
from tapewatch.metrics.scrape.http.settings import HttpSettings, TlsSettings
from tapewatch.model.clock import Clock

GATHER_SECONDS: Final = 0.2
"""How long changes are gathered before the groups are worked out."""

RETRY_SECONDS: Final = 5.0
WATCH_GAP_SECONDS: Final = 0.5
"""How long to wait after a watch that ended as watches do."""

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_PATHS: Final = {
    Role.NODE: ("/api/v1", "nodes"),
    Role.POD: ("/api/v1", "pods"),
    Role.SERVICE: ("/api/v1", "services"),
    Role.ENDPOINTS: ("/api/v1", "endpoints"),
    Role.ENDPOINT_SLICE: ("/apis/discovery.k8s.io/v1", "endpointslices"),
    Role.INGRESS: ("/apis/networking.k8s.io/v1", "ingresses"),
}
_BACKED: Final = frozenset({Role.ENDPOINTS, Role.ENDPOINT_SLICE})


@dataclass(frozen=True, slots=True)
class Access:
    """How the API is reached."""

    server: str
    http: HttpSettings
    own_namespace: str = ""


class KubernetesDiscovery:
    """Yields the groups of one role."""

    mechanism = "kubernetes"

    def __init__(self, settings: KubernetesSettings, clock: Clock, account: Path = ACCOUNT) -> None:
        self._settings = settings
        self._clock = clock
        self._account = account
        self._main = Cache()
        self._cluster = Cluster(settings.attach_metadata)
        self._changed = asyncio.Event()

    async def groups(self, on_failure: OnFailure) -> AsyncIterator[Changes]:
        """Yield every group once all caches are filled, and then what changes."""
        access = reach(self._settings, self._account)
        client = HttpClient(access.http, self._clock)
        watches = [
            Watch(client, access.server, resource, cache)
            for resource, cache in self._resources(access)
        ]
        tasks = [asyncio.create_task(self._follow(watch, on_failure)) for watch in watches]
        known: dict[str, TargetGroup] = {}
        try:
            while True:
                await self._changed.wait()
                await self._clock.sleep(GATHER_SECONDS)
                self._changed.clear()
                if not all(watch.ready for watch in watches):
                    continue
                found = {group.source: group for group in self._all_groups()}
                changes = differences(known, found)
                known = found
                if changes:
                    yield changes
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            client.close()

    def _all_groups(self) -> Iterator[TargetGroup]:
        make = GROUPS[self._settings.role]
        for _, found in sorted(self._main.objects.items()):
            yield make(found, self._cluster)

    async def _follow(self, watch: Watch, on_failure: OnFailure) -> None:
        while True:
            try:
                async for _ in watch.changes():
                    self._changed.set()
                await self._clock.sleep(WATCH_GAP_SECONDS)
            except DiscoveryFailed as fault:
                on_failure(fault)
                await self._clock.sleep(RETRY_SECONDS)

    def _resources(self, access: Access) -> Iterator[tuple[Resource, Cache]]:
        role, cluster = self._settings.role, self._cluster
        attach = self._settings.attach_metadata
        wanted = [(role, self._main)]
        if role in _BACKED:
            wanted += [(Role.POD, cluster.pods), (Role.SERVICE, cluster.services)]
        if attach.node and role in _BACKED | {Role.POD}:
            wanted.append((Role.NODE, cluster.nodes))
        for kind, cache in wanted:
            yield from ((each, cache) for each in self._places(kind, access))
        if attach.namespace and role is not Role.NODE:
            yield Resource("/api/v1/namespaces"), cluster.namespaces

    def _places(self, role: Role, access: Access) -> Iterator[Resource]:
        base, plural = _PATHS[role]
        selector = next((each for each in self._settings.selectors if each.role is role), None)
        chosen = Resource(
            "", selector.label if selector else "", selector.field if selector else ""
        )
        names = self._namespaces(access)
        if role is Role.NODE or not names:
            yield replace(chosen, path=f"{base}/{plural}")
        else:
            for name in names:
                yield replace(chosen, path=f"{base}/namespaces/{name}/{plural}")

    def _namespaces(self, access: Access) -> list[str]:
        settings = self._settings.namespaces
        own = [access.own_namespace] if settings.own_namespace and access.own_namespace else []
        return list(dict.fromkeys([*own, *settings.names]))


def reach(settings: KubernetesSettings, account: Path) -> Access:
    """Find the API: where the settings say, else where a pod of the cluster finds it."""
    namespace_file = account / "namespace"
    own = namespace_file.read_text(encoding="utf-8").strip() if namespace_file.exists() else ""
    if settings.api_server:
        return Access(settings.api_server.rstrip("/"), settings, own)
    token, authority = account / "token", account / "ca.crt"
    if not token.exists():
        raise DiscoveryFailed(
            "kubernetes",
            f"there is no {token}, so this is no pod of a cluster: set api_server",
        )
    tls = TlsSettings(ca_file=authority if authority.exists() else None)
    http = HttpSettings(bearer_token_file=token, tls_config=tls)
    return Access("https://kubernetes.default.svc", http, own)
