"""Names as a catalog writes them, and what is told when one is badly written."""

import re
from typing import Final

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_NAME = re.compile(NAME)


def is_name(text: str) -> bool:
    """Say whether ``text`` may name a thing of the catalog."""
    return _NAME.fullmatch(text) is not None


def kebab(name: str) -> str:
    """Write ``HighOrderLatency`` as ``high-order-latency``, the name of its runbook's file."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return spaced.replace("_", "-").lower()
