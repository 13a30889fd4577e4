"""Secrets as ``prometheus.yml`` has them: written in place, or pointed to as elsewhere here."""

from typing import Any

from tapewatch.document.nodes import Node, Scalar
from tapewatch.document.reading import Reader, read_secret
from tapewatch.document.types import Secret


class InlineSecret(Secret):
    """A secret that may stand in the document itself; it is still never printed."""

    __slots__ = ()

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read a text, ``{file: …}`` or ``{env: …}``."""
        if not isinstance(node, Scalar):
            return read_secret(node, reader, path)
        return cls(node.text, f"line {node.line}")

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe the forms in JSON Schema."""
        pointer = {"type": "object", "properties": {"file": {"type": "string"}}}
        return {"anyOf": [{"type": "string"}, {**pointer, "minProperties": 1}]}
