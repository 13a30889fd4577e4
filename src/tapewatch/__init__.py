"""
Tapewatch: the observability platform of a trading desk.

The parts, in the order in which they lean on each other, are told in
``docs/architecture.md``; read ``model/__init__.py`` first.
"""

from typing import TYPE_CHECKING, Any

from tapewatch.version import VERSION as __version__

if TYPE_CHECKING:
    from tapewatch.client.query import query

__all__ = ["__version__", "query"]


def __getattr__(name: str) -> Any:
    # A trading process imports this package too, and must not pay for the query engine.
    if name == "query":
        from tapewatch.client.query import query

        return query
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
