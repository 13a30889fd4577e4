"""The services of a platform and what they need, as a picture in text: Mermaid or DOT."""

from collections.abc import Iterator
from typing import Final, Literal

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.service import Service

GraphForm = Literal["mermaid", "dot"]
_COLOURS: Final = {1: "#d9534f", 2: "#f0ad4e", 3: "#5bc0de"}


def graph(catalog: Catalog, form: GraphForm) -> str:
    """Draw the services; an arrow points to what is needed, the colour tells the tier."""
    lines = _mermaid(catalog) if form == "mermaid" else _dot(catalog)
    return "\n".join(lines) + "\n"


def _words(name: str, service: Service) -> str:
    ports = " ".join(f":{port}" for port in service.ports.values())
    return f"{service.title or name} {ports}".strip().replace('"', "'")


def _mermaid(catalog: Catalog) -> Iterator[str]:
    yield "graph LR"
    for name, service in catalog.services.items():
        yield f'  {_identifier(name)}["{_words(name, service)}"]:::tier{service.tier}'
    for name, service in catalog.services.items():
        for needed in service.needs:
            yield f"  {_identifier(name)} --> {_identifier(needed)}"
    for tier, colour in _COLOURS.items():
        yield f"  classDef tier{tier} stroke:{colour},stroke-width:2px"


def _dot(catalog: Catalog) -> Iterator[str]:
    yield f'digraph "{catalog.platform.name}" {{'
    yield "  rankdir=LR; node [shape=box];"
    for name, service in catalog.services.items():
        yield f'  "{name}" [label="{_words(name, service)}", color="{_COLOURS[service.tier]}"];'
    for name, service in catalog.services.items():
        for needed in service.needs:
            yield f'  "{name}" -> "{needed}";'
    yield "}"


def _identifier(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")
