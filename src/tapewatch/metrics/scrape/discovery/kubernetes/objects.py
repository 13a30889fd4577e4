"""What all Kubernetes objects have in common, and how their labels become ours."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from tapewatch.metrics.scrape.relabel import legacy_label_name

Object: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[str, str]
LabelMap: TypeAlias = dict[str, str]

META: Final = "__meta_kubernetes_"


@dataclass(slots=True)
class Cache:
    """The objects of one kind, by namespace and name."""

    objects: dict[Key, Object] = field(default_factory=dict)

    def get(self, namespace: str, name: str) -> Object | None:
        """Find one object."""
        return self.objects.get((namespace, name))


def key_of(found: Object) -> Key:
    """Return namespace and name."""
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def object_labels(found: Object, role: str) -> LabelMap:
    """Return the meta labels that say name, labels and annotations of an object."""
    metadata = found["metadata"]
    labels = {f"{META}{role}_name": metadata["name"]}
    labels |= mapped(f"{META}{role}_label", metadata.get("labels"))
    labels |= mapped(f"{META}{role}_annotation", metadata.get("annotations"))
    return labels


def mapped(prefix: str, found: Mapping[str, str] | None) -> LabelMap:
    """Return a label, and a note that it is present, for every entry."""
    labels: LabelMap = {}
    for name, value in (found or {}).items():
        plain = legacy_label_name(name)
        labels[f"{prefix}_{plain}"] = value
        labels[f"{prefix}present_{plain}"] = "true"
    return labels


def address(host: str, port: int | str) -> str:
    """Join host and port, with brackets around an IPv6 address."""
    try:
        bracketed = ipaddress.ip_address(host).version == 6
    except ValueError:
        bracketed = False
    return f"[{host}]:{port}" if bracketed else f"{host}:{port}"


def said(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a label for every value that is there; flags as ``true`` and ``false``."""
    for name, value in values.items():
        if isinstance(value, bool):
            yield f"{prefix}{name}", "true" if value else "false"
        elif value is not None:
            yield f"{prefix}{name}", str(value)
