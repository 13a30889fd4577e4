"""Target groups of Kubernetes objects, with the meta labels that Prometheus gives them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tapewatch.metrics.scrape.discovery.groups import ADDRESS, TargetGroup
from tapewatch.metrics.scrape.discovery.kubernetes.objects import (
    META,
    Cache,
    LabelMap,
    Object,
    address,
    key_of,
    mapped,
    object_labels,
    said,
)
from tapewatch.metrics.scrape.discovery.kubernetes.settings import AttachMetadata, Role

_NODE_ADDRESSES: Final = ("InternalIP", "ExternalIP", "LegacyHostIP", "Hostname")
_SLICE_SERVICE: Final = "kubernetes.io/service-name"


@dataclass(slots=True)
class Cluster:
    """What is known of a cluster: a cache for each kind that is watched."""

    attach: AttachMetadata = field(default_factory=AttachMetadata)
    pods: Cache = field(default_factory=Cache)
    services: Cache = field(default_factory=Cache)
    nodes: Cache = field(default_factory=Cache)
    namespaces: Cache = field(default_factory=Cache)

    def namespace_labels(self, namespace: str) -> LabelMap:
        """Return the labels that say the namespace, and more of it where that is asked for."""
        labels = {f"{META}namespace": namespace}
        found = self.namespaces.get("", namespace) if self.attach.namespace else None
        if found is not None:
            metadata = found["metadata"]
            labels |= mapped(f"{META}namespace_label", metadata.get("labels"))
            labels |= mapped(f"{META}namespace_annotation", metadata.get("annotations"))
        return labels

    def node_labels(self, name: str | None) -> LabelMap:
        """Return the labels of a node, where they are asked for."""
        found = self.nodes.get("", name) if self.attach.node and name else None
        if found is None or name is None:
            return {}
        labels = {f"{META}node_name": name}
        return labels | mapped(f"{META}node_label", found["metadata"].get("labels"))


def node_group(found: Object, _cluster: Cluster) -> TargetGroup:
    """Make the target of a node: its kubelet."""
    status = found.get("status", {})
    addresses: dict[str, str] = {}
    for each in status.get("addresses", []):
        addresses.setdefault(each["type"], each["address"])
    host = next((addresses[kind] for kind in _NODE_ADDRESSES if kind in addresses), "")
    labels = object_labels(found, "node")
    labels[f"{META}node_provider_id"] = found.get("spec", {}).get("providerID", "")
    if not host:
        return TargetGroup(source_of(Role.NODE, found))
    port = status.get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port", 0)
    target = {ADDRESS: address(host, port), "instance": found["metadata"]["name"]}
    target |= {f"{META}node_address_{kind}": value for kind, value in addresses.items()}
    return TargetGroup(source_of(Role.NODE, found), (target,), labels)


def pod_group(found: Object, cluster: Cluster) -> TargetGroup:
    """Make a target of each port of each container, one without a port where none is declared."""
    source = source_of(Role.POD, found)
    host = found.get("status", {}).get("podIP", "")
    if not host:
        return TargetGroup(source)
    labels = cluster.namespace_labels(key_of(found)[0]) | pod_labels(found)
    labels |= cluster.node_labels(found.get("spec", {}).get("nodeName"))
    targets = []
    for container, init in _containers(found):
        ports = container.get("ports") or [None]
        own = _container_labels(found, container, init=init)
        for port in ports:
            where = host if port is None else address(host, port["containerPort"])
            targets.append({ADDRESS: where, **own, **_port_labels(port)})
    return TargetGroup(source, tuple(targets), labels)


def service_group(found: Object, cluster: Cluster) -> TargetGroup:
    """Make a target of each port of a service, by its name in the cluster's DNS."""
    namespace, name = key_of(found)
    spec = found.get("spec", {})
    kind = spec.get("type", "")
    own = dict(said(f"{META}service_", {"type": kind}))
    if kind == "ExternalName":
        own[f"{META}service_external_name"] = spec.get("externalName", "")
    else:
        own[f"{META}service_cluster_ip"] = spec.get("clusterIP", "")
    if kind == "LoadBalancer":
        own[f"{META}service_loadbalancer_ip"] = spec.get("loadBalancerIP", "")
    targets = [
        {ADDRESS: address(f"{name}.{namespace}.svc", port["port"]), **own, **_service_port(port)}
        for port in spec.get("ports") or []
    ]
    labels = cluster.namespace_labels(namespace) | object_labels(found, "service")
    return TargetGroup(source_of(Role.SERVICE, found), tuple(targets), labels)


def ingress_group(found: Object, cluster: Cluster) -> TargetGroup:
    """Make a target of each path of each host."""
    spec = found.get("spec", {})
    labels = cluster.namespace_labels(key_of(found)[0]) | object_labels(found, "ingress")
    labels |= dict(said(f"{META}ingress_", {"class_name": spec.get("ingressClassName")}))
    secure = [host for tls in spec.get("tls") or [] for host in tls.get("hosts") or []]
    targets = []
    for rule in spec.get("rules") or []:
        host = rule.get("host", "")
        scheme = "https" if any(covers(pattern, host) for pattern in secure) else "http"
        for path in _ingress_paths(rule):
            values = {"scheme": scheme, "host": host, "path": path}
            targets.append({ADDRESS: host, **dict(said(f"{META}ingress_", values))})
    return TargetGroup(source_of(Role.INGRESS, found), tuple(targets), labels)


def endpoints_group(found: Object, cluster: Cluster) -> TargetGroup:
    """Make a target of each address and port, and of other ports of the pods behind them."""
    namespace, name = key_of(found)
    backing = _Backing(cluster, namespace)
    for subset in found.get("subsets") or []:
        for port in subset.get("ports") or []:
            for kind, ready in (("addresses", True), ("notReadyAddresses", False)):
                for each in subset.get(kind) or []:
                    backing.add(_endpoint(each, port, ready=ready), each["ip"], port, each)
    labels = cluster.namespace_labels(namespace) | object_labels(found, "endpoints")
    labels |= _service_labels(cluster, namespace, name)
    return TargetGroup(source_of(Role.ENDPOINTS, found), tuple(backing.finish()), labels)


def endpointslice_group(found: Object, cluster: Cluster) -> TargetGroup:
    """Make a target of each address and port, and of other ports of the pods behind them."""
    namespace, _ = key_of(found)
    backing = _Backing(cluster, namespace)
    for each in found.get("endpoints") or []:
        for port in found.get("ports") or [{}]:
            for host in each.get("addresses") or []:
                backing.add(_slice_endpoint(each, port), host, port, each)
    labels = cluster.namespace_labels(namespace) | object_labels(found, "endpointslice")
    labels[f"{META}endpointslice_address_type"] = found.get("addressType", "")
    service = (found["metadata"].get("labels") or {}).get(_SLICE_SERVICE, "")
    labels |= _service_labels(cluster, namespace, service)
    return TargetGroup(source_of(Role.ENDPOINT_SLICE, found), tuple(backing.finish()), labels)


GROUPS: Final[Mapping[Role, Callable[[Object, Cluster], TargetGroup]]] = {
    Role.NODE: node_group,
    Role.POD: pod_group,
    Role.SERVICE: service_group,
    Role.ENDPOINTS: endpoints_group,
    Role.ENDPOINT_SLICE: endpointslice_group,
    Role.INGRESS: ingress_group,
}


def source_of(role: Role, found: Object) -> str:
    """Name the group of an object."""
    namespace, name = key_of(found)
    return f"{role}/{namespace}/{name}" if namespace else f"{role}/{name}"


def pod_labels(found: Object) -> LabelMap:
    """Return the labels that say everything about a pod."""
    metadata, spec, status = found["metadata"], found.get("spec", {}), found.get("status", {})
    labels = object_labels(found, "pod")
    owners = metadata.get("ownerReferences") or []
    owner: Object = next((each for each in owners if each.get("controller")), {})
    values = {
        "ip": status.get("podIP", ""),
        "ready": _readiness(status),
        "phase": status.get("phase", ""),
        "node_name": spec.get("nodeName", ""),
        "host_ip": status.get("hostIP", ""),
        "uid": metadata.get("uid", ""),
        "controller_kind": owner.get("kind"),
        "controller_name": owner.get("name"),
    }
    return labels | dict(said(f"{META}pod_", values))


def covers(pattern: str, host: str) -> bool:
    """Say whether a host of TLS, perhaps ``*.domain``, is meant for ``host``."""
    if pattern == host:
        return True
    first, _, rest = pattern.partition(".")
    return first == "*" and bool(rest) and host.partition(".")[2] == rest


class _Backing:
    """Targets of addresses, with the pods that stand behind them."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._targets: list[LabelMap] = []
        self._seen: dict[tuple[str, str], tuple[Object, set[int]]] = {}

    def add(self, own: LabelMap, host: str, port: Mapping[str, Any], behind: Object) -> None:
        number = port.get("port")
        target = {ADDRESS: host if number is None else address(host, number), **own}
        reference = behind.get("targetRef") or {}
        node = behind.get("nodeName")
        if reference.get("kind") == "Node":
            node = reference.get("name")
        target |= self._cluster.node_labels(node)
        pod = self._pod(reference)
        if pod is not None:
            _, ports = self._seen.setdefault(key_of(pod), (pod, set()))
            if number is not None:
                ports.add(number)
                target |= _matching_port(pod, number)
            target |= pod_labels(pod)
        self._targets.append(target)

    def finish(self) -> Iterator[LabelMap]:
        yield from self._targets
        for pod, ports in self._seen.values():
            yield from self._other_ports(pod, ports)

    def _other_ports(self, pod: Object, ports: set[int]) -> Iterator[LabelMap]:
        host = pod.get("status", {}).get("podIP", "")
        if not host:
            return
        common = pod_labels(pod)
        for container, init in _containers(pod):
            own = _container_labels(pod, container, init=init)
            for port in container.get("ports") or []:
                if port["containerPort"] not in ports:
                    where = address(host, port["containerPort"])
                    yield {ADDRESS: where, **own, **_port_labels(port), **common}

    def _pod(self, reference: Object) -> Object | None:
        if reference.get("kind") != "Pod":
            return None
        namespace = reference.get("namespace") or self._namespace
        return self._cluster.pods.get(namespace, reference.get("name", ""))


def _containers(pod: Object) -> Iterator[tuple[Object, bool]]:
    spec = pod.get("spec", {})
    for container in spec.get("containers") or []:
        yield container, False
    for container in spec.get("initContainers") or []:
        yield container, True


def _container_labels(pod: Object, container: Object, *, init: bool) -> LabelMap:
    name = container["name"]
    kind = "initContainerStatuses" if init else "containerStatuses"
    statuses = pod.get("status", {}).get(kind) or []
    status: Object = next((each for each in statuses if each.get("name") == name), {})
    values = {
        "name": name,
        "image": container.get("image", ""),
        "id": status.get("containerID", ""),
        "init": init,
    }
    return dict(said(f"{META}pod_container_", values))


def _port_labels(port: Mapping[str, Any] | None) -> LabelMap:
    if port is None:
        return {}
    values = {
        "number": port["containerPort"],
        "name": port.get("name", ""),
        "protocol": port.get("protocol", "TCP"),
    }
    return dict(said(f"{META}pod_container_port_", values))


def _matching_port(pod: Object, number: int) -> LabelMap:
    for container, init in _containers(pod):
        for port in container.get("ports") or []:
            if port["containerPort"] == number:
                return _container_labels(pod, container, init=init) | _port_labels(port)
    return {}


def _service_port(port: Mapping[str, Any]) -> LabelMap:
    values = {
        "name": port.get("name", ""),
        "number": port["port"],
        "protocol": port.get("protocol", "TCP"),
    }
    return dict(said(f"{META}service_port_", values))


def _service_labels(cluster: Cluster, namespace: str, name: str) -> LabelMap:
    service = cluster.services.get(namespace, name)
    return {} if service is None else object_labels(service, "service")


def _endpoint(each: Object, port: Mapping[str, Any], *, ready: bool) -> LabelMap:
    reference = each.get("targetRef") or {}
    values = {
        "ready": ready,
        "port_name": port.get("name", ""),
        "port_protocol": port.get("protocol", "TCP"),
        "hostname": each.get("hostname"),
        "node_name": each.get("nodeName"),
        "address_target_kind": reference.get("kind"),
        "address_target_name": reference.get("name"),
    }
    return dict(said(f"{META}endpoint_", values))


def _slice_endpoint(each: Object, port: Mapping[str, Any]) -> LabelMap:
    reference, conditions = each.get("targetRef") or {}, each.get("conditions") or {}
    prefix = f"{META}endpointslice_"
    values = {
        "port": port.get("port"),
        "port_name": port.get("name"),
        "port_protocol": port.get("protocol"),
        "port_app_protocol": port.get("appProtocol"),
        "address_target_kind": reference.get("kind"),
        "address_target_name": reference.get("name"),
        "endpoint_conditions_ready": conditions.get("ready"),
        "endpoint_conditions_serving": conditions.get("serving"),
        "endpoint_conditions_terminating": conditions.get("terminating"),
        "endpoint_hostname": each.get("hostname"),
        "endpoint_node_name": each.get("nodeName"),
        "endpoint_zone": each.get("zone"),
    }
    labels = dict(said(prefix, values))
    for name, value in mapped(f"{prefix}endpoint_topology", each.get("deprecatedTopology")).items():
        labels[name.replace("topologypresent_", "topology_present_")] = value
    return labels


def _ingress_paths(rule: Object) -> list[str]:
    http = rule.get("http")
    if http is None:
        return ["/"]
    return [path.get("path") or "/" for path in http.get("paths") or []]


def _readiness(status: Object) -> str:
    for condition in status.get("conditions") or []:
        if condition.get("type") == "Ready":
            return str(condition.get("status", "Unknown")).lower()
    return "unknown"
