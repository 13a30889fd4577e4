"""The compiled twin of ``transitions_pure.py``, which says what each function means."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc


def changes(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t row
    cdef int64_t i, length
    cdef const double *v
    cdef int32_t *rank
    if rows == 0 or lows.shape[1] == 0 or values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            length = highs[0 if shared else row, highs.shape[1] - 1]
            v = &values[0] + offsets[row]
            rank = <int32_t *> malloc((length + 1) * sizeof(int32_t))
            rank[0] = 0
            for i in range(1, length):
                rank[i] = rank[i - 1] + (
                    v[i] != v[i - 1] and not (v[i] != v[i] and v[i - 1] != v[i - 1])
                )
            count_between(rank, 0 if shared else row, row, lows, highs, out)
            free(rank)


def resets(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] starts,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t row
    cdef int64_t i, length, base
    cdef bint has_starts = starts.shape[0] > 0
    cdef const int64_t *at
    cdef const double *v
    cdef int32_t *rank
    if rows == 0 or lows.shape[1] == 0 or values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            base = offsets[row]
            length = highs[0 if shared else row, highs.shape[1] - 1]
            at = &times[0] if shared else &times[0] + base
            v = &values[0] + base
            rank = <int32_t *> malloc((length + 1) * sizeof(int32_t))
            rank[0] = 0
            for i in range(1, length):
                rank[i] = rank[i - 1] + (
                    v[i] < v[i - 1]
                    or (has_starts and start_reset(
                        starts[base + i - 1], at[i - 1], starts[base + i], at[i]
                    ))
                )
            count_between(rank, 0 if shared else row, row, lows, highs, out)
            free(rank)


cdef inline void count_between(
    const int32_t *rank,
    Py_ssize_t block,
    Py_ssize_t row,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
) noexcept nogil:
    cdef Py_ssize_t step
    for step in range(lows.shape[1]):
        if highs[block, step] > lows[block, step]:
            out[row, step] = rank[highs[block, step] - 1] - rank[lows[block, step]]
        else:
            out[row, step] = 0


cdef inline bint start_reset(
    int64_t start_before, int64_t before, int64_t start, int64_t at
) noexcept nogil:
    if start == 0 or start >= at or start < before:
        return False
    if start > before:
        return True
    if start_before > before:
        return False
    return start_before != 0 and start_before != before
