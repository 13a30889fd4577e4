"""
The lines of an exposition with times, compiled where possible.

``read_lines(chunk, series, odd, first)`` reads the samples of whole lines: which series each
belongs to, its time as it stands there, its value. ``series`` knows the number of each prefix (name
and labels). Whatever is no plain ``PREFIX VALUE TIME`` of a known prefix is handed to ``odd`` with
the number of its line, counted from ``first``; ``odd`` may teach ``series`` new prefixes.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.metrics.imports.lines_pure import read_lines
else:
    read_lines = twin("tapewatch.metrics.imports.lines").read_lines

__all__ = ["read_lines"]
