"""Pixels, with smooth lines, areas and letters on them."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tapewatch.alerting.charts.lettering import TEXT, Lettering

Colour: TypeAlias = tuple[int, int, int]
Floats = NDArray[np.float64]

WHITE: Final[Colour] = (255, 255, 255)


class Canvas:
    """An image that is drawn on; ``x`` goes right and ``y`` goes down, in pixels."""

    def __init__(self, width: int, height: int, background: Colour = WHITE) -> None:
        self.width = width
        self.height = height
        self._pixels = np.empty((height, width, 3), np.float32)
        self._pixels[:] = background

    def pixels(self) -> NDArray[np.uint8]:
        """Return the image; shape ``(height, width, 3)``."""
        return np.clip(np.rint(self._pixels), 0, 255).astype(np.uint8)

    def fill(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, opacity: float
    ) -> None:
        """Lay a colour over a rectangle."""
        rows = slice(max(round(top), 0), max(round(bottom), 0))
        columns = slice(max(round(left), 0), max(round(right), 0))
        self._blend(rows, columns, np.float32(opacity), colour)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        colour: Colour,
        *,
        lettering: Lettering = TEXT,
        align: float = 0.0,
    ) -> None:
        """Write a line with its top at ``y``; ``align`` 0 begins at ``x``, 1 ends there."""
        shades = lettering.draw(words)
        left = round(x - align * shades.shape[1])
        top = round(y)
        cut_left, cut_top = max(-left, 0), max(-top, 0)
        shades = shades[cut_top : self.height - top, cut_left : self.width - left]
        top, left = max(top, 0), max(left, 0)
        height, width = shades.shape
        self._blend(slice(top, top + height), slice(left, left + width), shades, colour)

    def line(self, xs: Floats, ys: Floats, colour: Colour, *, thickness: float = 1.6) -> None:
        """Draw through points, smoothly; a point that is no number parts the line."""
        known = np.isfinite(xs) & np.isfinite(ys)
        if not known.any():
            return
        columns = _pixels_between(xs[known].min(), xs[known].max(), thickness, self.width)
        rows = _pixels_between(ys[known].min(), ys[known].max(), thickness, self.height)
        coverage = np.zeros((rows[1] - rows[0] + 1, columns[1] - columns[0] + 1), np.float32)
        xs, ys = xs - columns[0], ys - rows[0]
        for index in np.flatnonzero(known[:-1] & known[1:]):
            _cover(coverage, xs[index : index + 2], ys[index : index + 2], thickness)
        self._blend(
            slice(rows[0], rows[1] + 1), slice(columns[0], columns[1] + 1), coverage, colour
        )

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a filled circle."""
        self.line(np.array([x, x + 0.01]), np.array([y, y]), colour, thickness=2 * radius)

    def dashes(self, left: float, right: float, y: float, colour: Colour, dash: int = 6) -> None:
        """Draw a level dashed line."""
        for start in range(round(left), round(right), 2 * dash):
            end = min(start + dash, round(right))
            self.line(np.array([start, end], float), np.array([y, y]), colour, thickness=1.2)

    def _blend(
        self,
        rows: slice,
        columns: slice,
        opacity: NDArray[np.float32] | np.float32,
        colour: Colour,
    ) -> None:
        region = self._pixels[rows, columns]
        if isinstance(opacity, np.ndarray):
            opacity = opacity[: region.shape[0], : region.shape[1], np.newaxis]
        region += (np.array(colour, np.float32) - region) * opacity


def _cover(coverage: NDArray[np.float32], xs: Floats, ys: Floats, thickness: float) -> None:
    """Add a segment: a pixel is covered by how near its middle lies to it."""
    height, width = coverage.shape
    (x0, x1), (y0, y1) = xs.tolist(), ys.tolist()
    left, right = _pixels_between(x0, x1, thickness, width)
    top, bottom = _pixels_between(y0, y1, thickness, height)
    y, x = np.ogrid[top - y0 : bottom + 0.5 - y0, left - x0 : right + 0.5 - x0]
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    along = np.clip((x * dx + y * dy) / length, 0.0, 1.0) if length else 0.0
    distance = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
    covered = np.clip(thickness / 2 + 0.5 - distance, 0.0, 1.0)
    region = coverage[top : bottom + 1, left : right + 1]
    np.maximum(region, covered, out=region, casting="same_kind")


def _pixels_between(one: float, other: float, thickness: float, size: int) -> tuple[int, int]:
    reach = thickness / 2 + 1
    low, high = min(one, other) - reach, max(one, other) + reach
    first = int(min(max(low, 0), size - 1))
    return first, int(min(max(high, first), size - 1))
