"""Libraries that a hook needs, loaded when it is used."""

from importlib import import_module
from typing import Any

from tapewatch.sdk.errors import MissingExtra


def needed(module: str, extra: str) -> Any:
    """The module, or an error that says which extra brings it."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(module, extra) from None
