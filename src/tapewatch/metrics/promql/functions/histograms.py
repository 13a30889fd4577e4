"""Functions of histograms: native ones, and classic ones that are spread over ``le`` labels."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from tapewatch.metrics import algebra
from tapewatch.metrics.promql import annotations, quantiles
from tapewatch.metrics.promql.functions.vectors import (
    Arguments,
    Site,
    VectorFunction,
    scalar_argument,
    text_argument,
    vector_argument,
)
from tapewatch.metrics.promql.kernels import buckets
from tapewatch.metrics.promql.matrix import Matrix
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.numerals import open_metrics
from tapewatch.metrics.promql.operators.names import drop_names, merge_same
from tapewatch.metrics.selection import Floats, Indices, LabelSets, Mask, group_keys
from tapewatch.model.errors import BadText
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import parse_float

_BUCKET_LABEL: Final = "le"
_EVERYWHERE: Final[Mask] = np.empty((0, 0), dtype=np.bool_)


def _of_native(measure: Callable[[Histogram], float]) -> VectorFunction:
    def function(site: Site, arguments: Arguments) -> Matrix:
        matrix = vector_argument(arguments, 0)
        return drop_names(_measured(matrix, lambda _row, _step, cell: measure(cell)), site.run)

    return function


def _measured(matrix: Matrix, measure: Callable[[int, int, Histogram], float]) -> Matrix:
    """Turn every histogram into a number; floats are left out."""
    filled = matrix.histogram_mask
    values = np.empty(matrix.values.shape)
    if matrix.histograms is not None:
        for row, step in np.argwhere(filled).tolist():
            values[row, step] = measure(row, step, matrix.histograms[row, step])
    return replace(matrix, values=values, present=filled, histograms=None)


class Layout(NamedTuple):
    """The classic histograms among some series."""

    rows: Indices  # of all groups, bounds rising inside each
    bounds: Floats
    edges: Indices
    labels: LabelSets  # of the groups, without ``le``
    malformed: tuple[int, ...]  # rows whose ``le`` is not a number


def classic_layout(labels: LabelSets) -> Layout:
    """Find out which rows belong to which histogram, once per label sets."""
    return labels.derive("classic layout", lambda: _build_layout(labels))


def _build_layout(labels: LabelSets) -> Layout:
    bounds = [_bound(one) for one in labels]
    rows = [row for row, bound in enumerate(bounds) if bound is not None]
    grouping = group_keys((labels[row].drop(_BUCKET_LABEL) for row in rows), len(rows))
    sizes = np.bincount(grouping.ids, minlength=len(grouping.labels))
    known = np.array([bounds[row] for row in rows], dtype=np.float64)
    order = np.lexsort((np.arange(len(rows)), known, grouping.ids))
    return Layout(
        np.array(rows, dtype=np.int32)[order],
        known[order],
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
        grouping.labels,
        tuple(row for row, bound in enumerate(bounds) if bound is None),
    )


def _bound(labels: Labels) -> float | None:
    try:
        bound = parse_float(labels.get(_BUCKET_LABEL))
    except BadText:
        return None
    return None if math.isnan(bound) else bound


class Split(NamedTuple):
    """A vector of histograms: what is native in it, and what is classic."""

    native: Matrix
    classic: Matrix
    layout: Layout
    group_present: Mask | None  # (groups, steps), None where nothing conflicts


def _split(site: Site, matrix: Matrix, span: Span) -> Split:
    """Tell native and classic histograms apart; where both stand for one series, neither counts."""
    floats = matrix.floats_only()
    layout = classic_layout(matrix.labels)
    _tell_malformed(site, floats, layout, span)
    native_rows = np.flatnonzero(matrix.histogram_mask.any(axis=1))
    native = matrix.take(native_rows)
    native = replace(native, present=native.histogram_mask)
    if not native_rows.size or not layout.rows.size:
        return Split(native, floats, layout, None)
    return _without_conflicts(site, native, floats, layout, span)


def _tell_malformed(site: Site, floats: Matrix, layout: Layout, span: Span) -> None:
    for row in layout.malformed:
        if floats.present is None or floats.present[row].any():
            labels = floats.labels[row]
            label = labels.get(_BUCKET_LABEL)
            site.run.notes.add(annotations.bad_bucket_label(labels.name, label, span))


def _without_conflicts(
    site: Site, native: Matrix, floats: Matrix, layout: Layout, span: Span
) -> Split:
    groups = {labels: group for group, labels in enumerate(layout.labels)}
    mask = floats.mask
    present = np.array(
        [
            mask[layout.rows[first:last]].any(axis=0)
            for first, last in zip(layout.edges[:-1], layout.edges[1:], strict=True)
        ]
    )
    native_present = native.mask.copy()
    for row, labels in enumerate(native.labels):
        group = groups.get(labels)
        if group is None:
            continue
        both = native_present[row] & present[group]
        if both.any():
            metric = labels.name if site.run.delays_names else ""
            site.run.notes.add(annotations.mixed_classic_native(metric, span))
            native_present[row] &= ~both
            present[group] &= ~both
    return Split(replace(native, present=native_present), floats, layout, present)


def _together(site: Site, native: Matrix, classic: Matrix, found: Mask) -> Matrix:
    """Put the answers for native and classic histograms on top of each other."""
    drops = None
    if native.drop_names is not None or classic.drop_names is not None:
        drops = np.ones(len(native.labels) + len(classic.labels), dtype=np.bool_)
    if not len(native.labels):
        present = None if found.all() else found
        return drop_names(replace(classic, present=present, drop_names=drops), site.run)
    labels = LabelSets((*native.labels, *classic.labels))
    both = Matrix(
        labels,
        np.concatenate((native.values, classic.values)),
        np.concatenate((native.mask, found)),
        None,
        drops,
    )
    return drop_names(both, site.run)


def _quantile(site: Site, arguments: Arguments) -> Matrix:
    ranks, matrix = scalar_argument(arguments, 0), vector_argument(arguments, 1)
    rank_span, span = site.argument_spans
    _check_ranks(site, ranks, rank_span)
    split = _split(site, matrix, span)
    return _quantile_of(site, split, ranks, span)


def _check_ranks(site: Site, ranks: Floats, span: Span) -> None:
    for rank in np.unique(ranks[~((ranks >= 0) & (ranks <= 1))]).tolist():
        site.run.notes.add(annotations.bad_quantile(rank, span))


def _quantile_of(site: Site, split: Split, ranks: Floats, span: Span) -> Matrix:
    def measure(row: int, step: int, cell: Histogram) -> float:
        found = quantiles.quantile(float(ranks[step]), cell)
        metric = split.native.labels[row].name
        if found.is_nan:
            site.run.notes.add(annotations.quantile_is_nan(metric, span))
        elif found.is_skewed:
            site.run.notes.add(annotations.quantile_is_skewed(metric, span))
        return found.value

    native = _measured(split.native, measure)
    classic, found = _classic_quantile(site, split, ranks, span)
    return _together(site, native, classic, found)


def _classic_quantile(site: Site, split: Split, ranks: Floats, span: Span) -> tuple[Matrix, Mask]:
    layout, floats = split.layout, split.classic
    shape = (len(layout.labels), ranks.size)
    values, found = np.empty(shape), np.empty(shape, dtype=np.bool_)
    forced = np.empty((*shape, 3))
    buckets.quantile(
        np.ascontiguousarray(floats.values), _kernel_mask(floats), layout.rows, layout.bounds,
        layout.edges, ranks, values, found, forced,
    )  # fmt: skip
    if split.group_present is not None:
        found &= split.group_present
    _tell_forced(site, layout.labels, forced, found, span)
    return Matrix(layout.labels, values), found


def _kernel_mask(matrix: Matrix) -> Mask:
    return _EVERYWHERE if matrix.present is None else matrix.present


def _tell_forced(site: Site, labels: LabelSets, forced: Floats, found: Mask, span: Span) -> None:
    repaired = ~np.isnan(forced[:, :, 2]) & found
    if not repaired.any():
        return
    for group in np.flatnonzero(repaired.any(axis=1)).tolist():
        steps = np.flatnonzero(repaired[group])
        seen = forced[group, steps]
        note = annotations.monotonicity_forced(
            labels[group].name if site.run.delays_names else "",
            span,
            first_ms=int(site.steps.times[steps[0]]),
            last_ms=int(site.steps.times[steps[-1]]),
            bucket_min=float(seen[:, 0].min()),
            bucket_max=float(seen[:, 1].max()),
            difference_max=float(seen[:, 2].max()),
            count=steps.size,
        )
        site.run.notes.add(note)


def _quantiles(site: Site, arguments: Arguments) -> Matrix:
    matrix, label = vector_argument(arguments, 0), text_argument(arguments, 1)
    span = site.argument_spans[0]
    all_ranks = [scalar_argument(arguments, index) for index in range(2, len(arguments))]
    for ranks, rank_span in zip(all_ranks, site.argument_spans[2:], strict=True):
        _check_ranks(site, ranks, rank_span)
    split = _split(site, matrix, span)
    pieces: list[Matrix] = []
    for ranks in all_ranks:
        answer = _quantile_of(site, split, ranks, span)
        pieces.extend(_labelled(answer, label, ranks))
    return merge_same(_piled(pieces, site))


def _labelled(matrix: Matrix, label: str, ranks: Floats) -> list[Matrix]:
    """Write the quantile into a label; a quantile that changes makes a series for each value."""
    pieces = []
    for rank in np.unique(ranks).tolist():
        text = open_metrics(rank)
        labels = LabelSets(one.replace({label: text}) for one in matrix.labels)
        here = (ranks == rank) | (math.isnan(rank) & np.isnan(ranks))
        pieces.append(replace(matrix, labels=labels, present=matrix.mask & here))
    return pieces


def _piled(pieces: Sequence[Matrix], site: Site) -> Matrix:
    drops = site.run.delays_names
    labels = LabelSets(labels for piece in pieces for labels in piece.labels)
    return Matrix(
        labels,
        np.concatenate([piece.values for piece in pieces]),
        np.concatenate([piece.mask for piece in pieces]),
        None,
        np.ones(len(labels), dtype=np.bool_) if drops else None,
    )


def _fraction(site: Site, arguments: Arguments) -> Matrix:
    lowers, uppers = scalar_argument(arguments, 0), scalar_argument(arguments, 1)
    matrix, span = vector_argument(arguments, 2), site.argument_spans[2]
    split = _split(site, matrix, span)

    def measure(row: int, step: int, cell: Histogram) -> float:
        found = quantiles.fraction(float(lowers[step]), float(uppers[step]), cell)
        if found.is_skewed:
            metric = split.native.labels[row].name
            note = annotations.fraction_without_nan(metric, span)
            site.run.notes.add(note)
        return found.value

    native = _measured(split.native, measure)
    layout, floats = split.layout, split.classic
    shape = (len(layout.labels), lowers.size)
    values, found = np.empty(shape), np.empty(shape, dtype=np.bool_)
    buckets.fraction(
        np.ascontiguousarray(floats.values), _kernel_mask(floats), layout.rows, layout.bounds,
        layout.edges, lowers, uppers, values, found,
    )  # fmt: skip
    if split.group_present is not None:
        found &= split.group_present
    return _together(site, native, Matrix(layout.labels, values), found)


def _average(histogram: Histogram) -> float:
    return algebra.ratio(histogram.sum, histogram.count)


HISTOGRAM_FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    "histogram_avg": _of_native(_average),
    "histogram_count": _of_native(lambda histogram: histogram.count),
    "histogram_fraction": _fraction,
    "histogram_quantile": _quantile,
    "histogram_quantiles": _quantiles,
    "histogram_stddev": _of_native(
        lambda histogram: algebra.square_root(quantiles.variance(histogram))
    ),
    "histogram_stdvar": _of_native(quantiles.variance),
    "histogram_sum": _of_native(lambda histogram: histogram.sum),
}
