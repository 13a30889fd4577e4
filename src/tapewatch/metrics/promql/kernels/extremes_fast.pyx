"""
The compiled twin of ``extremes_pure.py``, which says what each function means.

Windows only move forward, so the candidates for the extreme wait in a queue in which each is
better than all that came after: every sample enters and leaves once, however long the windows.
"""

from libc.math cimport NAN
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc


def extreme(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    bint largest,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = lows.shape[1]
    cdef Py_ssize_t row, step
    cdef int32_t *queue
    cdef const double *v
    cdef int32_t best
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        queue = <int32_t *> malloc((steps + 1) * sizeof(int32_t))
        for row in range(rows):
            v = &values[0] + offsets[row]
            best_samples(
                v, highs[0 if shared else row, steps - 1], &lows[0 if shared else row, 0],
                &highs[0 if shared else row, 0], steps, largest, queue,
            )
            for step in range(steps):
                best = queue[step]
                out[row, step] = v[best] if best >= 0 else NAN
        free(queue)


def extreme_time(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    bint largest,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = lows.shape[1]
    cdef Py_ssize_t row, step, block
    cdef int32_t *found
    cdef const int64_t *at
    cdef int32_t best
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        found = <int32_t *> malloc((steps + 1) * sizeof(int32_t))
        for row in range(rows):
            block = 0 if shared else row
            at = &times[0] if shared else &times[0] + offsets[row]
            best_samples(
                &values[0] + offsets[row], highs[block, steps - 1], &lows[block, 0],
                &highs[block, 0], steps, largest, found,
            )
            for step in range(steps):
                best = found[step]
                # Nothing but NaN: the last of them it is.
                if best < 0:
                    best = highs[block, step] - 1
                out[row, step] = at[best] / 1000.0 if best >= lows[block, step] else NAN
        free(found)


cdef inline bint as_good(double value, double other, bint largest) noexcept nogil:
    return value >= other if largest else value <= other


cdef void best_samples(
    const double *v,
    int64_t length,
    const int32_t *lows,
    const int32_t *highs,
    Py_ssize_t steps,
    bint largest,
    int32_t *found,
) noexcept nogil:
    cdef int32_t *queue = <int32_t *> malloc((length + 1) * sizeof(int32_t))
    cdef int64_t head = 0, tail = 0, entered = 0
    cdef Py_ssize_t step
    for step in range(steps):
        if step and (lows[step] < lows[step - 1] or highs[step] < highs[step - 1]):
            head = tail = 0
            entered = lows[step]
        if entered < lows[step]:
            entered = lows[step]
            head = tail = 0
        while entered < highs[step]:
            if v[entered] == v[entered]:
                while tail > head and as_good(v[entered], v[queue[tail - 1]], largest):
                    tail -= 1
                queue[tail] = <int32_t> entered
                tail += 1
            entered += 1
        while head < tail and queue[head] < lows[step]:
            head += 1
        found[step] = queue[head] if head < tail else -1
    free(queue)
