"""
Events: lines that are written as numbers and read as words.

A format is declared once at start-up and named by a number; ``push`` writes the number and up to
seven arguments into the region's ring, and nothing is formatted in the trading path. Whoever reads
the ring finds the format in the region's directory and makes the line: ``formats.py`` does, and is
the file to read first.

    GAP = events.declare("{venue} {symbol}: {first} to {last} are missing", level="WARN")
    events.push(GAP, "binance", "BTCUSDT", 9, 11)
"""

from typing import TYPE_CHECKING, Any

from tapewatch.sdk.events.formats import EventFormat
from tapewatch.sdk.process import REGISTRY

if TYPE_CHECKING:

    def push(event_format: int, *arguments: object) -> None:
        """Write one event; what cannot be written is counted, never raised."""


__all__ = ["declare", "push"]

_declared: dict[str, int] = {}


def declare(template: str, *, level: str = "INFO", target: str = "") -> int:
    """
    Name a format: a template with ``{names}`` for its arguments, in the order of ``push``.

    The same format again gives the same number. A region without room gives -1, and what is
    pushed under it is counted as dropped.
    """
    text = str(EventFormat(level, target, template))
    return declare_text(text)


def declare_text(text: str) -> int:
    """Name a format by its whole text."""
    with REGISTRY.lock:
        number = _declared.get(text)
        if number is None:
            told = REGISTRY.region.format(text)
            number = _declared[text] = -1 if told is None else told
        return number


def __getattr__(name: str) -> Any:
    # The ring's own method is put here when it is first wanted, so that nothing stands between.
    if name == "push":
        globals()["push"] = REGISTRY.ring.push
        return REGISTRY.ring.push
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
