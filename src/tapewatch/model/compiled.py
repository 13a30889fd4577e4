"""
Which twin of a compiled module is used.

A hot module ``thing_fast.pyx`` has a readable twin ``thing_pure.py`` with the same functions. The
twin serves machines without a compiler, and the tests as the oracle. ``TAPEWATCH_PURE=1`` forces
every twin.
"""

import importlib
import os
from types import ModuleType

FORCED_PURE = os.environ.get("TAPEWATCH_PURE") == "1"

_chosen: dict[str, str] = {}


def twin(name: str) -> ModuleType:
    """Import ``name + "_fast"`` where it was compiled, else ``name + "_pure"``."""
    module = None if FORCED_PURE else _import_fast(name)
    _chosen[name] = "pure" if module is None else "compiled"
    return module or importlib.import_module(f"{name}_pure")


def chosen_twins() -> dict[str, str]:
    """Say for every module loaded so far whether its compiled or its pure twin is in use."""
    return dict(sorted(_chosen.items()))


def _import_fast(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"{name}_fast")
    except ImportError:
        # Not compiled, or in an interpreter beside the main one, where it cannot be loaded twice.
        return None
