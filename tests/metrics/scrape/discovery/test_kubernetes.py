import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.metrics.scrape.fakes import FakeServer, answer, until

from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.discovery.kubernetes.discovery import KubernetesDiscovery, reach
from tapewatch.metrics.scrape.discovery.kubernetes.roles import (
    GROUPS,
    Cluster,
    covers,
)
from tapewatch.metrics.scrape.discovery.kubernetes.settings import (
    AttachMetadata,
    KubernetesSettings,
    Role,
)
from tapewatch.metrics.scrape.errors import DiscoveryFailed
from tapewatch.model.clock import SystemClock


def settings(text):
    return read_text(f"{{{text}}}", KubernetesSettings)


def pod(name="bot-0", ip="10.0.0.7", version="5"):
    return {
        "metadata": {
            "name": name,
            "namespace": "trading",
            "uid": "u-1",
            "resourceVersion": version,
            "labels": {"app.kubernetes.io/name": "bot"},
            "annotations": {"scrape": "yes"},
            "ownerReferences": [{"kind": "StatefulSet", "name": "bot", "controller": True}],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {
                    "name": "bot",
                    "image": "bot:1",
                    "ports": [{"containerPort": 9100, "name": "metrics", "protocol": "TCP"}],
                },
                {"name": "sidecar", "image": "side:1"},
            ],
        },
        "status": {
            "podIP": ip,
            "hostIP": "192.168.0.1",
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "bot", "containerID": "docker://abc"}],
        },
    }


NODE = {
    "metadata": {"name": "node-1", "labels": {"zone": "eu"}, "resourceVersion": "3"},
    "spec": {"providerID": "aws:///i-1"},
    "status": {
        "addresses": [
            {"type": "Hostname", "address": "node-1.local"},
            {"type": "InternalIP", "address": "192.168.0.1"},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    },
}
SERVICE = {
    "metadata": {"name": "bots", "namespace": "trading", "resourceVersion": "4"},
    "spec": {
        "type": "ClusterIP",
        "clusterIP": "10.1.0.1",
        "ports": [{"port": 80, "name": "http", "protocol": "TCP"}],
    },
}
REFERENCE = {"kind": "Pod", "name": "bot-0", "namespace": "trading"}


def made(role, found, cluster=None):
    return GROUPS[role](found, cluster or Cluster())


def meta(labels):
    """Drop the common prefix, to be read."""
    return {name.removeprefix("__meta_kubernetes_"): value for name, value in labels.items()}


def test_a_node_is_scraped_at_its_kubelet():
    group = made(Role.NODE, NODE)
    assert meta(group.targets[0]) == {
        "__address__": "192.168.0.1:10250",
        "instance": "node-1",
        "node_address_Hostname": "node-1.local",
        "node_address_InternalIP": "192.168.0.1",
    }
    assert meta(group.labels) == {
        "node_name": "node-1",
        "node_provider_id": "aws:///i-1",
        "node_label_zone": "eu",
        "node_labelpresent_zone": "true",
    }


def test_a_pod_is_scraped_at_every_port_of_its_containers():
    cluster = Cluster(AttachMetadata(node=True, namespace=True))
    cluster.nodes.objects["", "node-1"] = NODE
    space = {"metadata": {"name": "trading", "labels": {"team": "mm"}, "annotations": {"a": "b"}}}
    cluster.namespaces.objects["", "trading"] = space
    group = made(Role.POD, pod(), cluster)
    first, second = group.targets
    assert meta(first) == {
        "__address__": "10.0.0.7:9100",
        "pod_container_name": "bot",
        "pod_container_image": "bot:1",
        "pod_container_id": "docker://abc",
        "pod_container_init": "false",
        "pod_container_port_name": "metrics",
        "pod_container_port_number": "9100",
        "pod_container_port_protocol": "TCP",
    }
    assert second["__address__"] == "10.0.0.7"
    assert meta(group.labels) == {
        "namespace": "trading",
        "namespace_label_team": "mm",
        "namespace_labelpresent_team": "true",
        "namespace_annotation_a": "b",
        "namespace_annotationpresent_a": "true",
        "pod_name": "bot-0",
        "pod_ip": "10.0.0.7",
        "pod_ready": "true",
        "pod_phase": "Running",
        "pod_node_name": "node-1",
        "pod_host_ip": "192.168.0.1",
        "pod_uid": "u-1",
        "pod_controller_kind": "StatefulSet",
        "pod_controller_name": "bot",
        "pod_label_app_kubernetes_io_name": "bot",
        "pod_labelpresent_app_kubernetes_io_name": "true",
        "pod_annotation_scrape": "yes",
        "pod_annotationpresent_scrape": "true",
        "node_name": "node-1",
        "node_label_zone": "eu",
        "node_labelpresent_zone": "true",
    }


def test_a_pod_without_an_address_is_no_target():
    assert made(Role.POD, pod(ip="")).targets == ()


def test_a_service_is_scraped_by_its_name():
    group = made(Role.SERVICE, SERVICE)
    assert meta(group.targets[0]) == {
        "__address__": "bots.trading.svc:80",
        "service_type": "ClusterIP",
        "service_cluster_ip": "10.1.0.1",
        "service_port_name": "http",
        "service_port_number": "80",
        "service_port_protocol": "TCP",
    }
    assert meta(group.labels) == {"namespace": "trading", "service_name": "bots"}


def test_endpoints_carry_the_labels_of_pod_and_service():
    cluster = Cluster()
    cluster.pods.objects["trading", "bot-0"] = pod()
    cluster.services.objects["trading", "bots"] = SERVICE
    found = {
        "metadata": {"name": "bots", "namespace": "trading"},
        "subsets": [
            {
                "addresses": [{"ip": "10.0.0.7", "nodeName": "node-1", "targetRef": REFERENCE}],
                "notReadyAddresses": [{"ip": "10.0.0.8", "hostname": "h"}],
                "ports": [{"port": 8080, "name": "http", "protocol": "TCP"}],
            }
        ],
    }
    group = made(Role.ENDPOINTS, found, cluster)
    ready, waiting, other = map(meta, group.targets)
    assert ready["__address__"] == "10.0.0.7:8080"
    assert (ready["endpoint_ready"], ready["pod_name"]) == ("true", "bot-0")
    assert (ready["endpoint_address_target_kind"], ready["endpoint_port_name"]) == ("Pod", "http")
    assert (waiting["endpoint_ready"], waiting["endpoint_hostname"]) == ("false", "h")
    assert "pod_name" not in waiting
    # The port of the pod that no endpoint covers is a target of its own.
    assert (other["__address__"], other["pod_container_name"]) == ("10.0.0.7:9100", "bot")
    assert meta(group.labels)["endpoints_name"] == "bots"
    assert meta(group.labels)["service_name"] == "bots"


def test_endpoint_slices_carry_conditions_and_container_ports():
    cluster = Cluster()
    cluster.pods.objects["trading", "bot-0"] = pod()
    cluster.services.objects["trading", "bots"] = SERVICE
    found = {
        "metadata": {
            "name": "bots-x",
            "namespace": "trading",
            "labels": {"kubernetes.io/service-name": "bots"},
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": ["10.0.0.7"],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": REFERENCE,
                "nodeName": "node-1",
                "zone": "eu-1",
            }
        ],
        "ports": [{"port": 9100, "name": "metrics", "protocol": "TCP"}],
    }
    group = made(Role.ENDPOINT_SLICE, found, cluster)
    (target,) = map(meta, group.targets)
    assert target["__address__"] == "10.0.0.7:9100"
    assert target["pod_container_port_name"] == "metrics"
    assert target["endpointslice_endpoint_conditions_ready"] == "true"
    assert target["endpointslice_endpoint_conditions_terminating"] == "false"
    assert target["endpointslice_endpoint_zone"] == "eu-1"
    assert meta(group.labels)["endpointslice_address_type"] == "IPv4"
    assert meta(group.labels)["service_name"] == "bots"


def test_an_ingress_is_scraped_at_every_path():
    found = {
        "metadata": {"name": "desk", "namespace": "trading"},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.desk.example"]}],
            "rules": [
                {"host": "api.desk.example", "http": {"paths": [{"path": "/v1"}, {}]}},
                {"host": "plain.example"},
            ],
        },
    }
    group = made(Role.INGRESS, found)
    names = ("ingress_scheme", "ingress_host", "ingress_path")
    shown = [tuple(meta(target)[name] for name in names) for target in group.targets]
    assert shown == [
        ("https", "api.desk.example", "/v1"),
        ("https", "api.desk.example", "/"),
        ("http", "plain.example", "/"),
    ]
    assert meta(group.labels)["ingress_class_name"] == "nginx"


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("a.b.c", "a.b.c", True),
        ("*.b.c", "a.b.c", True),
        ("*.b.c", "x.a.b.c", False),
        ("*.b.c", "b.c", False),
        ("x.b.c", "a.b.c", False),
    ],
)
def test_a_certificate_may_cover_a_level_of_names(pattern, host, covered):
    assert covers(pattern, host) is covered


class FakeApi:
    """Lists what it holds, and sends to watches what it is given."""

    def __init__(self):
        self.lists = {}
        self.watches = {}
        self.asked = []

    def __call__(self, head):
        parts = urlsplit(head.split()[1])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, query))
        if "watch" in query:
            return lambda reader, writer: self.watch(parts.path, writer)
        items = self.lists.get(parts.path, [])
        document = {"metadata": {"resourceVersion": "10"}, "items": items}
        return answer(json.dumps(document).encode(), headers=["Content-Type: application/json"])

    async def watch(self, path, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        queue = self.watches[path] = asyncio.Queue()
        while (event := await queue.get()) is not None:
            line = json.dumps(event).encode() + b"\n"
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def send(self, path, kind, found):
        self.watches[path].put_nowait({"type": kind, "object": found})


PODS = "/api/v1/namespaces/trading/pods"
TEXT = "role: pod, namespaces: {names: [trading]}, selectors: [{role: pod, label: a=b}]"


def watched(work, text=TEXT, api=None):
    """Run ``work(api, told, failures)`` beside a discovery."""
    api = api or FakeApi()

    async def run():
        told, failures = [], []
        async with FakeServer(api) as server:
            found = settings(f"api_server: '{server.url('')}', {text}")
            discovery = KubernetesDiscovery(found, SystemClock())

            async def follow():
                async for changes in discovery.groups(failures.append):
                    told.extend((each.source, len(each.targets)) for each in changes)

            task = asyncio.create_task(follow())
            try:
                await work(api, told, failures)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_objects_are_listed_and_then_watched():
    api = FakeApi()
    api.lists[PODS] = [pod()]

    async def work(api, told, failures):
        await until(lambda: told == [("pod/trading/bot-0", 2)])
        await until(lambda: PODS in api.watches)
        assert api.asked[0] == (PODS, {"labelSelector": "a=b"})
        assert api.asked[1][1]["resourceVersion"] == "10"
        api.send(PODS, "ADDED", pod("bot-1", version="11"))
        await until(lambda: told[1:] == [("pod/trading/bot-1", 2)])
        api.send(PODS, "DELETED", pod("bot-0", version="12"))
        await until(lambda: told[2:] == [("pod/trading/bot-0", 0)])
        assert failures == []

    watched(work, api=api)


def test_a_watch_goes_on_from_the_last_version():
    async def work(api, told, failures):
        await until(lambda: PODS in api.watches)
        api.send(PODS, "BOOKMARK", {"metadata": {"resourceVersion": "99"}})
        api.watches[PODS].put_nowait(None)
        await until(lambda: len(api.asked) == 3)
        assert api.asked[2][1]["resourceVersion"] == "99"

    watched(work)


def test_a_forgotten_version_lists_anew():
    async def work(api, told, failures):
        await until(lambda: PODS in api.watches)
        api.lists[PODS] = [pod("bot-7")]
        api.send(PODS, "ERROR", {"code": 410, "message": "too old"})
        api.watches[PODS].put_nowait(None)
        await until(lambda: told == [("pod/trading/bot-7", 2)])

    watched(work)


def test_a_server_that_refuses_is_told():
    async def work(api, told, failures):
        await until(lambda: failures)
        assert "HTTP status 403 Forbidden" in str(failures[0])

    watched(work, api=lambda head: answer(status="403 Forbidden"))


def test_endpoints_wait_for_their_pods_and_services():
    api = FakeApi()
    api.lists["/api/v1/endpoints"] = [
        {
            "metadata": {"name": "bots", "namespace": "trading"},
            "subsets": [{"addresses": [{"ip": "10.0.0.7"}], "ports": [{"port": 1}]}],
        }
    ]

    async def work(api, told, failures):
        await until(lambda: told == [("endpoints/trading/bots", 1)])
        paths = {path for path, _ in api.asked}
        assert paths == {"/api/v1/endpoints", "/api/v1/pods", "/api/v1/services", "/api/v1/nodes"}

    watched(work, "role: endpoints, attach_metadata: {node: true}", api)


def test_a_pod_of_the_cluster_finds_its_api(tmp_path):
    with pytest.raises(DiscoveryFailed, match="set api_server"):
        reach(settings("role: pod"), tmp_path)
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "namespace").write_text("trading\n")
    access = reach(settings("role: pod"), tmp_path)
    assert access.server == "https://kubernetes.default.svc"
    assert (access.own_namespace, access.http.bearer_token_file) == ("trading", tmp_path / "token")
