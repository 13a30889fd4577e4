"""The compiled twin of ``windows_pure.py``, which says what each function means."""

from libc.stdint cimport int32_t, int64_t, uint64_t

import numpy as np

cdef uint64_t ABSENT_BITS = 0x7FF0000000000003ULL
cdef uint64_t STALE_BITS = 0x7FF0000000000002ULL


def compact(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] starts,
    const int64_t[::1] offsets,
    bint shared,
    bint keep_stale,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t row, i, kept = 0
    cdef int64_t base, size = offsets[rows] - offsets[0]
    cdef bint has_starts = starts.shape[0] > 0
    cdef uint64_t word
    cdef const uint64_t *bits
    new_times = np.empty(size, dtype=np.int64)
    new_values = np.empty(size, dtype=np.float64)
    new_starts = np.empty(size if has_starts else 0, dtype=np.int64)
    new_offsets = np.zeros(rows + 1, dtype=np.int64)
    if size == 0:
        return new_times, new_values, new_starts, new_offsets
    cdef int64_t[::1] out_times = new_times
    cdef double[::1] out_values = new_values
    cdef int64_t[::1] out_starts = new_starts
    cdef int64_t[::1] out_offsets = new_offsets
    bits = <const uint64_t *> &values[0]
    with nogil:
        for row in range(rows):
            base = offsets[row]
            for i in range(offsets[row + 1] - base):
                word = bits[base + i]
                if word == ABSENT_BITS or (word == STALE_BITS and not keep_stale):
                    continue
                out_times[kept] = times[i] if shared else times[base + i]
                (<uint64_t *> &out_values[kept])[0] = word
                if has_starts:
                    out_starts[kept] = starts[base + i]
                kept += 1
            out_offsets[row + 1] = kept
    return (
        new_times[:kept], new_values[:kept], new_starts[:kept] if has_starts else new_starts,
        new_offsets,
    )


def borders(
    const int64_t[::1] times,
    const int64_t[::1] offsets,
    const int64_t[::1] moments,
    int32_t[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = moments.shape[0]
    cdef Py_ssize_t row, step
    cdef int64_t i, first, length, moment
    with nogil:
        for row in range(rows):
            first = offsets[row]
            length = offsets[row + 1] - first
            i = 0
            for step in range(steps):
                moment = moments[step]
                if step and moment < moments[step - 1]:
                    i = 0
                while i < length and times[first + i] <= moment:
                    i += 1
                out[row, step] = <int32_t> i
