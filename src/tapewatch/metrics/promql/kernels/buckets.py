"""
Quantiles and fractions of classic histograms.

A histogram is a group of rows that each count the values up to a bound. ``rows`` lists the rows of
all groups with their bounds rising inside each group, ``bounds`` stands beside it, and group ``g``
is ``[edges[g], edges[g + 1])`` of both. ``present`` may be empty, as in ``groups``.
"""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.metrics.promql.kernels.buckets")

quantile: Callable[..., None] = _twin.quantile
fraction: Callable[..., None] = _twin.fraction
