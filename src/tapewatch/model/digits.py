"""
Numbers as bytes, fast: what every reader and writer of texts leans on.

* ``format_double``, ``format_doubles``: shortest digits that read back as the same double, in the
  form of the Prometheus API.
* ``parse_double``: the nearest double; refuses what Go's ``ParseFloat`` refuses in an exposition.
* ``encode_points``, ``PointsWriter``: the points of a query's answer.

Compiled code takes the same functions from ``digits_fast.pxd``. Buffers are arrays of float64 and
int64, contiguous; a mask is one byte a value.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.model.digits_pure import (
        PointsWriter,
        encode_points,
        format_double,
        format_doubles,
        parse_double,
    )
else:
    _twin = twin("tapewatch.model.digits")
    PointsWriter = _twin.PointsWriter
    encode_points = _twin.encode_points
    format_double = _twin.format_double
    format_doubles = _twin.format_doubles
    parse_double = _twin.parse_double

__all__ = ["PointsWriter", "encode_points", "format_double", "format_doubles", "parse_double"]
