"""The compiled twin of ``summarising_pure.py``, which says what it means."""

from libc.math cimport fabs, isinf, isnan
from libc.stdint cimport int64_t, uint64_t

cdef uint64_t STALE_BITS = 0x7FF0000000000002
cdef uint64_t ABSENT_BITS = 0x7FF0000000000003

cdef enum:
    COUNT, SUM, MIN, MAX, FIRST_AGE, FIRST, LAST_AGE, LAST, RESTARTED, RESETS, CHANGES, STATE


cdef inline void add(double *running, double *lost, double term) noexcept nogil:
    cdef double together = running[0] + term
    if isinf(together):
        lost[0] = 0.0
    elif fabs(running[0]) >= fabs(term):
        lost[0] += (running[0] - together) + term
    else:
        lost[0] += (term - together) + running[0]
    running[0] = together


def summarise(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    int64_t after_ms,
    int64_t resolution_ms,
    double[:, :, ::1] out,
):
    cdef Py_ssize_t row
    cdef int64_t place, first, at, bucket, before, end_ms
    cdef int64_t until_ms = after_ms + out.shape[2] * resolution_ms
    cdef uint64_t bits
    cdef double value, previous, running, lost
    if values.shape[0] == 0:
        return
    with nogil:
        for row in range(offsets.shape[0] - 1):
            first = offsets[row]
            before = -1
            end_ms = after_ms
            running = lost = previous = 0.0
            for place in range(offsets[row + 1] - first):
                at = times[place] if shared else times[first + place]
                if at <= after_ms:
                    continue
                if at > until_ms:
                    break
                bits = (<const uint64_t *> &values[first + place])[0]
                if bits == ABSENT_BITS:
                    continue
                if at > end_ms:
                    bucket = (at - after_ms - 1) // resolution_ms
                    end_ms = after_ms + (bucket + 1) * resolution_ms
                if bits == STALE_BITS:
                    out[STATE, row, bucket] = 1
                    continue
                value = values[first + place]
                out[STATE, row, bucket] = 0
                if bucket != before:
                    if before >= 0:
                        out[SUM, row, before] = running if isinf(running) else running + lost
                    running = lost = 0.0
                    before = bucket
                    out[FIRST, row, bucket] = value
                    out[FIRST_AGE, row, bucket] = end_ms - at
                    out[MIN, row, bucket] = value
                    out[MAX, row, bucket] = value
                else:
                    if value < previous:
                        out[RESTARTED, row, bucket] += previous
                        out[RESETS, row, bucket] += 1
                    if value != previous and not (isnan(value) and isnan(previous)):
                        out[CHANGES, row, bucket] += 1
                    if isnan(out[MIN, row, bucket]) or value < out[MIN, row, bucket]:
                        out[MIN, row, bucket] = value
                    if isnan(out[MAX, row, bucket]) or value > out[MAX, row, bucket]:
                        out[MAX, row, bucket] = value
                out[LAST, row, bucket] = value
                out[LAST_AGE, row, bucket] = end_ms - at
                out[COUNT, row, bucket] += 1
                previous = value
                add(&running, &lost, value)
            if before >= 0:
                out[SUM, row, before] = running if isinf(running) else running + lost
