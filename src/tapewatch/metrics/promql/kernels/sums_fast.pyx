"""
The compiled twin of ``sums_pure.py``, which says what each function means.

Where windows overlap much, sums come from running totals kept in twice the precision of a double
(a high and a low part), so that the difference of two totals is as good as the direct sum. Where
that cannot be promised (values that are not finite, a sum that vanishes beside the totals) the
window is summed directly.
"""

from libc.math cimport NAN, fabs, fma, isfinite, isinf
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

# A window sum that is this much smaller than the totals has lost digits that matter.
cdef double TRUST = 1e-12


cdef struct Wide:
    double high
    double low


cdef inline Wide plus(Wide one, double term) noexcept nogil:
    cdef Wide both
    cdef double part
    both.high = one.high + term
    part = both.high - one.high
    both.low = one.low + ((one.high - (both.high - part)) + (term - part))
    return both


cdef inline Wide product(double one, double other) noexcept nogil:
    cdef Wide both
    both.high = one * other
    both.low = fma(one, other, -both.high)
    return both


cdef inline Wide minus(Wide one, Wide other) noexcept nogil:
    cdef Wide rest = plus(one, -other.high)
    cdef double high
    rest.low -= other.low
    high = rest.high + rest.low
    rest.low = (rest.high - high) + rest.low
    rest.high = high
    return rest


cdef inline Wide square_over(Wide one, double count) noexcept nogil:
    cdef Wide squared = product(one.high, one.high)
    cdef Wide quotient
    squared.low += 2 * one.high * one.low
    quotient.high = squared.high / count
    quotient.low = (fma(-quotient.high, count, squared.high) + squared.low) / count
    return quotient


cdef inline void increment(double term, double *running, double *lost) noexcept nogil:
    cdef double together = running[0] + term
    if isinf(together):
        lost[0] = 0.0
    elif fabs(running[0]) >= fabs(term):
        lost[0] += (running[0] - together) + term
    else:
        lost[0] += (term - together) + running[0]
    running[0] = together


cdef double direct_sum(const double *v, int64_t count) noexcept nogil:
    cdef double running = 0.0, lost = 0.0
    cdef int64_t i
    for i in range(count):
        increment(v[i], &running, &lost)
    return running if isinf(running) else running + lost


cdef double direct_mean(const double *v, int64_t count) noexcept nogil:
    cdef double running = v[0], lost = 0.0, together, error, share
    cdef bint incremental = False
    cdef int64_t i
    for i in range(1, count):
        if not incremental:
            together, error = running, lost
            increment(v[i], &together, &error)
            if not isinf(together):
                running, lost = together, error
                continue
            incremental = True
            running /= i
            lost /= i
        share = <double> i / (i + 1)
        running *= share
        lost *= share
        increment(v[i] / (i + 1), &running, &lost)
    if incremental:
        return running + lost
    return running / count + lost / count


cdef double direct_variance(const double *v, int64_t count) noexcept nogil:
    cdef double centre = 0.0, centre_lost = 0.0, spread = 0.0, spread_lost = 0.0, delta
    cdef int64_t i
    for i in range(count):
        delta = v[i] - (centre + centre_lost)
        increment(delta / (i + 1), &centre, &centre_lost)
        increment(delta * (v[i] - (centre + centre_lost)), &spread, &spread_lost)
    return (spread + spread_lost) / count


cdef struct Totals:
    # Running totals of a row: [i] holds the sum of what stands before sample i.
    Wide *first
    Wide *second
    int32_t *broken
    double magnitude
    double magnitude_second
    double origin


cdef Totals *running_totals(const double *v, int64_t length, bint squares) noexcept nogil:
    cdef Totals *totals = <Totals *> malloc(sizeof(Totals))
    cdef int64_t i
    cdef double value
    cdef Wide squared
    totals.first = <Wide *> malloc((length + 1) * sizeof(Wide))
    totals.second = <Wide *> malloc((length + 1) * sizeof(Wide)) if squares else NULL
    totals.broken = <int32_t *> malloc((length + 1) * sizeof(int32_t))
    totals.magnitude = 0.0
    totals.magnitude_second = 0.0
    totals.origin = 0.0
    totals.first[0].high = totals.first[0].low = 0.0
    totals.broken[0] = 0
    if squares:
        totals.second[0] = totals.first[0]
        for i in range(length):
            if isfinite(v[i]):
                totals.origin = v[i]
                break
    for i in range(length):
        value = v[i] - totals.origin
        totals.broken[i + 1] = totals.broken[i]
        # Values beyond 1e150 would overflow when squared, and sums of them sooner or later.
        if not fabs(value) < 1e150:
            totals.broken[i + 1] += 1
            value = 0.0
        totals.first[i + 1] = plus(totals.first[i], value)
        if fabs(totals.first[i + 1].high) > totals.magnitude:
            totals.magnitude = fabs(totals.first[i + 1].high)
        if squares:
            squared = product(value, value)
            totals.second[i + 1] = plus(totals.second[i], squared.high)
            totals.second[i + 1].low += squared.low
            totals.magnitude_second = totals.second[i + 1].high
    return totals


cdef void free_totals(Totals *totals) noexcept nogil:
    free(totals.first)
    free(totals.second)
    free(totals.broken)
    free(totals)


cdef inline bint overlap_much(
    const int32_t[:, ::1] lows, const int32_t[:, ::1] highs, Py_ssize_t block, int64_t length
) noexcept nogil:
    cdef int64_t inside = 0
    cdef Py_ssize_t step
    for step in range(lows.shape[1]):
        inside += highs[block, step] - lows[block, step]
    return inside > 4 * length


cdef enum Kind:
    SUM
    MEAN
    VARIANCE


cdef void for_rows(
    Kind kind,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
) noexcept nogil:
    cdef Py_ssize_t row, step, block
    cdef int64_t length, low, count
    cdef const double *v
    cdef Totals *totals
    for row in range(offsets.shape[0] - 1):
        block = 0 if shared else row
        length = highs[block, highs.shape[1] - 1]
        v = &values[0] + offsets[row]
        totals = NULL
        if overlap_much(lows, highs, block, length):
            totals = running_totals(v, length, kind == VARIANCE)
        for step in range(lows.shape[1]):
            low = lows[block, step]
            count = highs[block, step] - low
            if count <= 0:
                out[row, step] = NAN
            elif totals != NULL and from_totals(kind, totals, low, count, &out[row, step]):
                pass
            elif kind == SUM:
                out[row, step] = direct_sum(v + low, count)
            elif kind == MEAN:
                out[row, step] = direct_mean(v + low, count)
            else:
                out[row, step] = direct_variance(v + low, count)
        if totals != NULL:
            free_totals(totals)


cdef inline bint from_totals(
    Kind kind, Totals *totals, int64_t low, int64_t count, double *result
) noexcept nogil:
    cdef Wide sum_ = minus(totals.first[low + count], totals.first[low])
    cdef Wide squares
    if totals.broken[low + count] != totals.broken[low]:
        return False
    if kind == VARIANCE:
        squares = minus(totals.second[low + count], totals.second[low])
        squares = minus(squares, square_over(sum_, count))
        result[0] = (squares.high + squares.low) / count
        return (
            squares.high > totals.magnitude_second * TRUST
            and squares.high > totals.magnitude * totals.magnitude * TRUST
        ) or totals.magnitude_second == 0
    if kind == SUM:
        result[0] = sum_.high + sum_.low
    else:
        result[0] = sum_.high / count + sum_.low / count
    return fabs(sum_.high) > totals.magnitude * TRUST or totals.magnitude == 0


def total(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    if offsets.shape[0] > 1 and lows.shape[1]:
        if values.shape[0] == 0:
            out[:, :] = NAN
            return
        with nogil:
            for_rows(SUM, values, offsets, shared, lows, highs, out)


def mean(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    if offsets.shape[0] > 1 and lows.shape[1]:
        if values.shape[0] == 0:
            out[:, :] = NAN
            return
        with nogil:
            for_rows(MEAN, values, offsets, shared, lows, highs, out)


def variance(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    if offsets.shape[0] > 1 and lows.shape[1]:
        if values.shape[0] == 0:
            out[:, :] = NAN
            return
        with nogil:
            for_rows(VARIANCE, values, offsets, shared, lows, highs, out)
