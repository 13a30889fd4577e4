"""
Tapewatch: the observability platform of a trading desk.

The parts, in the order in which they lean on each other, are told in
``docs/architecture.md``; read ``model/__init__.py`` first.
"""

from tapewatch.version import VERSION as __version__

__all__ = ["__version__"]
