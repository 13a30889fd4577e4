"""The compiled twin of ``picks_pure.py``, which says what each function means."""

from libc.stdint cimport int32_t, int64_t, uint64_t, uint8_t
from libc.string cimport memcpy

cdef uint64_t STALE_BITS = 0x7FF0000000000002ULL


def newest(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] highs,
    const int64_t[::1] ends,
    int64_t lookback_ms,
    double[:, ::1] out,
    uint8_t[:, ::1] present,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = ends.shape[0]
    cdef Py_ssize_t row, step, block
    cdef int64_t index, absent = 0
    cdef const int64_t *at
    cdef const double *v
    cdef bint found
    if rows == 0 or steps == 0:
        return 0
    if values.shape[0] == 0:
        present[:, :] = 0
        return rows * steps
    with nogil:
        for row in range(rows):
            block = 0 if shared else row
            at = &times[0] if shared else &times[0] + offsets[row]
            v = &values[0] + offsets[row]
            for step in range(steps):
                index = highs[block, step] - 1
                found = (
                    index >= 0
                    and at[index] > ends[step] - lookback_ms
                    and (<const uint64_t *> v)[index] != STALE_BITS
                )
                present[row, step] = found
                absent += not found
                if found:
                    out[row, step] = v[index]
    return absent


def columns(
    const double[::1] values,
    const int64_t[::1] offsets,
    const int32_t[::1] indices,
    double[:, ::1] out,
):
    cdef Py_ssize_t steps = indices.shape[0]
    cdef Py_ssize_t row, step
    cdef bint neighbours = True
    cdef const double *v
    cdef double *o
    if out.shape[0] == 0 or steps == 0:
        return
    with nogil:
        for step in range(1, steps):
            if indices[step] != indices[step - 1] + 1:
                neighbours = False
                break
        for row in range(out.shape[0]):
            v = &values[0] + offsets[row]
            o = &out[row, 0]
            if neighbours:
                memcpy(o, v + indices[0], steps * sizeof(double))
            else:
                for step in range(steps):
                    o[step] = v[indices[step]]
