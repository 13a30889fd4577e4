"""Which cluster, which kind of object, and which of them (``kubernetes_sd_configs``)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from tapewatch.document.fields import option
from tapewatch.metrics.scrape.http.settings import HttpSettings


class Role(StrEnum):
    """The kind of object that targets are made of."""

    NODE = "node"
    POD = "pod"
    SERVICE = "service"
    ENDPOINTS = "endpoints"
    ENDPOINT_SLICE = "endpointslice"
    INGRESS = "ingress"


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Where to look; everywhere by default."""

    own_namespace: bool = option("Whether to look where we run ourselves.", default=False)
    names: tuple[str, ...] = option("Where else to look.", default=())


@dataclass(frozen=True, slots=True)
class Selector:
    """Narrows one kind of object down, on the server's side."""

    role: Role = option("The kind of object.")
    label: str = option("Label selector.", default="")
    field: str = option("Field selector.", default="")


@dataclass(frozen=True, slots=True)
class AttachMetadata:
    """What else is attached to targets of pods and endpoints."""

    node: bool = option("The labels of the node.", default=False)
    namespace: bool = option("Labels and annotations of the namespace.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSettings(HttpSettings):
    """One discovery; without ``api_server`` we run in a pod of the cluster itself."""

    api_server: str = option("URL of the API; the pod's own cluster by default.", default="")
    role: Role = option("What targets are made of.")
    namespaces: Namespaces = option("", default_factory=Namespaces)
    selectors: tuple[Selector, ...] = option("Which objects.", default=())
    attach_metadata: AttachMetadata = option("", default_factory=AttachMetadata)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the address and that selectors belong to what is watched."""
        yield from HttpSettings.faults(self)
        if self.api_server and urlsplit(self.api_server).scheme not in ("http", "https"):
            yield "api_server", f"{self.api_server!r} must begin with http:// or https://"
        roles = [selector.role for selector in self.selectors]
        for role in set(roles):
            if roles.count(role) > 1:
                yield "selectors", f"there are two selectors for {role}; one is allowed"
            if role not in watched_roles(self.role):
                known = ", ".join(watched_roles(self.role))
                yield "selectors", f"role {self.role} watches {known}, not {role}"


def watched_roles(role: Role) -> tuple[Role, ...]:
    """Return the kinds of object that selectors may narrow down for ``role``."""
    if role in (Role.ENDPOINTS, Role.ENDPOINT_SLICE):
        return (role, Role.POD, Role.SERVICE)
    return (role, Role.NODE) if role is Role.POD else (role,)
