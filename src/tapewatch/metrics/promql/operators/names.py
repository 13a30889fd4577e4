"""
What happens to metric names.

A function changes what a series means, so its name has to go: at once, or (delayed) only at the
end of the query, so that aggregations and label functions can still see it. Rows that become the
same series are merged where they never stand at the same step, and refused where they do.
"""

from dataclasses import replace

import numpy as np

from tapewatch.metrics.promql.matrix import Matrix
from tapewatch.metrics.promql.operators.base import refuse_same_labelsets
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Grouping, LabelSets, Mask, group_keys


def drop_names(matrix: Matrix, run: Run) -> Matrix:
    """Take the names away, now or at the end."""
    if run.delays_names:
        return replace(matrix, drop_names=np.ones(len(matrix.labels), dtype=np.bool_))
    return merge_same(replace(matrix, labels=matrix.labels.without_metadata(), drop_names=None))


def settle_names(matrix: Matrix) -> Matrix:
    """Take the marked names away, at the end of the query."""
    if matrix.drop_names is None or not matrix.drop_names.any():
        return merge_same(matrix)
    dropped = matrix.labels.without_metadata()
    if matrix.drop_names.all():
        return merge_same(replace(matrix, labels=dropped, drop_names=None))
    flags = matrix.drop_names.tolist()
    both = zip(matrix.labels, dropped, flags, strict=True)
    labels = LabelSets(bare if flag else own for own, bare, flag in both)
    return merge_same(replace(matrix, labels=labels, drop_names=None))


def merge_same(matrix: Matrix) -> Matrix:
    """Merge rows with equal label sets; two of them at the same step are an error."""
    if not matrix.labels.has_duplicates:
        return matrix
    if matrix.drop_names is None or not matrix.drop_names.any():
        return merge_rows(matrix, matrix.labels.identity)
    keys = zip(matrix.labels, matrix.drop_names.tolist(), strict=True)
    marked = (labels.replace({"\0": "dropped"} if flag else {}) for labels, flag in keys)
    grouping = group_keys(marked, len(matrix.labels))
    bare = LabelSets(labels.drop("\0") for labels in grouping.labels)
    return merge_rows(matrix, Grouping(grouping.ids, bare))


def merge_rows(matrix: Matrix, grouping: Grouping) -> Matrix:
    """Put the rows of a group on top of each other."""
    ids, labels = grouping
    if len(labels) == len(ids):
        return replace(matrix, labels=labels)
    refuse_overlaps(matrix.mask, grouping)
    shape = (len(labels), matrix.values.shape[1])
    values, present = np.empty(shape), np.zeros(shape, dtype=np.bool_)
    histograms = None if matrix.histograms is None else np.full(shape, None, dtype=object)
    flags = np.zeros(len(labels), dtype=np.bool_)
    for row, group in enumerate(ids.tolist()):
        here = matrix.mask[row]
        values[group][here] = matrix.values[row][here]
        present[group] |= here
        flags[group] |= matrix.row_drops_name(row)
        if histograms is not None and matrix.histograms is not None:
            histograms[group][here] = matrix.histograms[row][here]
    return Matrix(labels, values, present, histograms, flags if flags.any() else None)


def refuse_overlaps(mask: Mask, grouping: Grouping) -> None:
    """Raise where two rows of a group hold something at the same step."""
    counts = np.zeros((len(grouping.labels), mask.shape[1]), dtype=np.int32)
    np.add.at(counts, grouping.ids, mask)
    if (counts > 1).any():
        raise refuse_same_labelsets()
