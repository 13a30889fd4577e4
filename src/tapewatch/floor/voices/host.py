"""What a stand-in for the exporters of a machine and of a cluster tells."""

from collections.abc import Sequence
from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene, Voice

GIGABYTE: Final = 1e9
MODES: Final = {"idle": 0.72, "user": 0.2, "system": 0.06, "iowait": 0.01, "softirq": 0.01}
DISKS: Final = (("/", "ext4", 100 * GIGABYTE, 0.40), ("/data", "xfs", 500 * GIGABYTE, 0.55))
NAMESPACE: Final = "trading"
WAITING: Final = (
    *("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull"),
    *("CreateContainerConfigError", "ContainerCreating"),
)


def host(numbers: Numbers, scene: Scene) -> None:
    """Tell of one machine, by node_exporter's names."""
    for core in ("0", "1", "2", "3"):
        for mode, share in MODES.items():
            seconds = scene.near(share, 0.05) * scene.seconds
            numbers.add("node_cpu_seconds_total", seconds, cpu=core, mode=mode)
    numbers.put("node_memory_MemTotal_bytes", 64 * GIGABYTE)
    numbers.put("node_memory_MemAvailable_bytes", scene.near(38 * GIGABYTE))
    numbers.put("node_memory_MemFree_bytes", scene.near(9 * GIGABYTE))
    for mountpoint, fstype, size, used in DISKS:
        disk = {"mountpoint": mountpoint, "fstype": fstype}
        numbers.put("node_filesystem_size_bytes", size, **disk)
        numbers.put("node_filesystem_avail_bytes", size * (1 - used), **disk)
    for device, pace in (("lo", 2e5), ("eth0", 6e6)):
        received = scene.near(pace, 0.2) * scene.market.activity * scene.seconds
        numbers.add("node_network_receive_bytes_total", received, device=device)
        numbers.add("node_network_transmit_bytes_total", received * 0.3, device=device)
        numbers.add("node_network_receive_drop_total", 0, device=device)
    numbers.put("node_load1", scene.near(1.2, 0.2))
    numbers.put("node_timex_offset_seconds", scene.rng.gauss(0, 2e-5))
    numbers.put("node_timex_sync_status", 1)


def kubernetes(services: Sequence[str]) -> Voice:
    """Give the voice that tells of a pod for each service, by kube-state-metrics' names."""

    def voice(numbers: Numbers, scene: Scene) -> None:  # noqa: ARG001 # One shape.
        for service in services:
            name = service.replace("_", "-")
            pod = {"namespace": NAMESPACE, "pod": f"{name}-0"}
            container = {**pod, "container": "main"}
            numbers.add("kube_pod_container_status_restarts_total", 0, **container)
            for reason in WAITING:
                numbers.put(
                    "kube_pod_container_status_waiting_reason", 0, **container, reason=reason
                )
            for reason in ("Completed", "Error", "OOMKilled"):
                told = {**container, "reason": reason}
                numbers.put("kube_pod_container_status_last_terminated_reason", 0, **told)
            for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
                running = float(phase == "Running")
                numbers.put("kube_pod_status_phase", running, **pod, phase=phase)
            deployment = {"namespace": NAMESPACE, "deployment": name}
            numbers.put("kube_deployment_spec_replicas", 1, **deployment)
            numbers.put("kube_deployment_status_replicas_available", 1, **deployment)

    return voice


def containers(services: Sequence[str]) -> Voice:
    """Give the voice that tells what each pod asks for, may have and uses."""

    def voice(numbers: Numbers, scene: Scene) -> None:
        for service in services:
            name = service.replace("_", "-")
            place = {"namespace": NAMESPACE, "pod": f"{name}-0", "container": "main"}
            seconds = scene.near(0.3, 0.1) * scene.seconds
            numbers.add("container_cpu_usage_seconds_total", seconds, **place)
            held = scene.near(300e6, 0.01)
            numbers.put("container_memory_working_set_bytes", held, **place)
            for metric, cores, memory in (("requests", 0.5, 400e6), ("limits", 1.0, 800e6)):
                told = f"kube_pod_container_resource_{metric}"
                numbers.put(told, cores, **place, resource="cpu", unit="core")
                numbers.put(told, memory, **place, resource="memory", unit="byte")

    return voice
