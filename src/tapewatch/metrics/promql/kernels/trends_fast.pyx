"""
The compiled twin of ``trends_pure.py``, which says what each function means.

Least squares need five sums per window; where windows overlap much they are differences of running
totals in twice the precision of a double, over milliseconds, which are whole numbers. Smoothing is
a linear recurrence, ``state = M state + g value``: a window's result follows from the states of one
run over the whole row, because what came before the window fades with a power of ``M``.
"""

from libc.math cimport NAN, fabs, fma, isfinite, isinf
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

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


cdef inline Wide product_over(Wide one, Wide other, double count) noexcept nogil:
    cdef Wide both = product(one.high, other.high)
    cdef Wide quotient
    both.low += one.high * other.low + one.low * other.high
    quotient.high = both.high / count
    quotient.low = (fma(-quotient.high, count, both.high) + both.low) / count
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


cdef inline double settled(double running, double lost) noexcept nogil:
    return running if isinf(running) else running + lost


cdef void direct_line(
    const int64_t *at,
    const double *v,
    int64_t count,
    int64_t moment,
    double *slope,
    double *intercept,
) noexcept nogil:
    cdef double sums[4]
    cdef double lost[4]
    cdef double x, covariance, spread
    cdef int64_t i
    for i in range(4):
        sums[i] = lost[i] = 0.0
    for i in range(count):
        x = (at[i] - moment) / 1000.0
        increment(x, &sums[0], &lost[0])
        increment(v[i], &sums[1], &lost[1])
        increment(x * v[i], &sums[2], &lost[2])
        increment(x * x, &sums[3], &lost[3])
    for i in range(4):
        sums[i] = settled(sums[i], lost[i])
    covariance = sums[2] - sums[0] * sums[1] / count
    spread = sums[3] - sums[0] * sums[0] / count
    slope[0] = covariance / spread
    intercept[0] = sums[1] / count - slope[0] * sums[0] / count


cdef struct Sums:
    # [i] holds the sums over what stands before sample i, relative to the row's first time and
    # its first finite value.
    Wide *x
    Wide *y
    Wide *xy
    Wide *xx
    int32_t *broken
    double origin
    double magnitude


cdef Sums *running_sums(const int64_t *at, const double *v, int64_t length) noexcept nogil:
    cdef Sums *sums = <Sums *> malloc(sizeof(Sums))
    cdef Wide *room = <Wide *> malloc(4 * (length + 1) * sizeof(Wide))
    cdef Wide zero, part
    cdef int64_t i
    cdef double x, y
    zero.high = zero.low = 0.0
    sums.x, sums.y = room, room + length + 1
    sums.xy, sums.xx = room + 2 * (length + 1), room + 3 * (length + 1)
    sums.broken = <int32_t *> malloc((length + 1) * sizeof(int32_t))
    sums.x[0] = sums.y[0] = sums.xy[0] = sums.xx[0] = zero
    sums.broken[0] = 0
    sums.origin = 0.0
    sums.magnitude = 0.0
    for i in range(length):
        if isfinite(v[i]):
            sums.origin = v[i]
            break
    for i in range(length):
        x = <double> (at[i] - at[0])
        y = v[i] - sums.origin
        sums.broken[i + 1] = sums.broken[i]
        if not fabs(y) < 1e150:
            sums.broken[i + 1] += 1
            y = 0.0
        sums.x[i + 1] = plus(sums.x[i], x)
        sums.y[i + 1] = plus(sums.y[i], y)
        part = product(x, y)
        sums.xy[i + 1] = plus(sums.xy[i], part.high)
        sums.xy[i + 1].low += part.low
        part = product(x, x)
        sums.xx[i + 1] = plus(sums.xx[i], part.high)
        sums.xx[i + 1].low += part.low
        if fabs(sums.xy[i + 1].high) > sums.magnitude:
            sums.magnitude = fabs(sums.xy[i + 1].high)
    return sums


cdef void free_sums(Sums *sums) noexcept nogil:
    free(sums.x)
    free(sums.broken)
    free(sums)


cdef bint line_from_sums(
    Sums *sums,
    int64_t low,
    int64_t count,
    double since,
    double *slope,
    double *intercept,
) noexcept nogil:
    cdef int64_t high = low + count
    cdef Wide x, y, covariance, spread
    if sums.broken[high] != sums.broken[low]:
        return False
    x = minus(sums.x[high], sums.x[low])
    y = minus(sums.y[high], sums.y[low])
    covariance = minus(minus(sums.xy[high], sums.xy[low]), product_over(x, y, count))
    spread = minus(minus(sums.xx[high], sums.xx[low]), product_over(x, x, count))
    slope[0] = covariance.high / spread.high * 1000.0
    intercept[0] = (
        sums.origin + y.high / count - covariance.high / spread.high * (x.high / count - since)
    )
    return fabs(covariance.high) > sums.magnitude * TRUST


def regression(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const int64_t[::1] moments,
    double[:, ::1] slopes,
    double[:, ::1] intercepts,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = moments.shape[0]
    cdef Py_ssize_t row, step, block
    cdef int64_t i, length, low, count, inside
    cdef const int64_t *at
    cdef const double *v
    cdef int32_t *changes
    cdef Sums *sums
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            block = 0 if shared else row
            length = highs[block, steps - 1]
            at = &times[0] if shared else &times[0] + offsets[row]
            v = &values[0] + offsets[row]
            changes = <int32_t *> malloc((length + 1) * sizeof(int32_t))
            changes[0] = 0
            for i in range(1, length):
                changes[i] = changes[i - 1] + (v[i] != v[i - 1])
            inside = 0
            for step in range(steps):
                inside += highs[block, step] - lows[block, step]
            sums = running_sums(at, v, length) if inside > 4 * length else NULL
            for step in range(steps):
                low = lows[block, step]
                count = highs[block, step] - low
                if count < 2:
                    continue
                if changes[low + count - 1] == changes[low] and v[low] == v[low]:
                    slopes[row, step] = NAN if isinf(v[low]) else 0.0
                    intercepts[row, step] = NAN if isinf(v[low]) else v[low]
                elif sums == NULL or not line_from_sums(
                    sums, low, count, <double> (moments[step] - at[0]),
                    &slopes[row, step], &intercepts[row, step],
                ):
                    direct_line(
                        at + low, v + low, count, moments[step],
                        &slopes[row, step], &intercepts[row, step],
                    )
            if sums != NULL:
                free_sums(sums)
            free(changes)


cdef struct State:
    double level
    double trend


cdef struct Matrix:
    double a
    double b
    double c
    double d


cdef inline State applied(Matrix m, State s) noexcept nogil:
    cdef State out
    out.level = m.a * s.level + m.b * s.trend
    out.trend = m.c * s.level + m.d * s.trend
    return out


cdef inline Matrix times_(Matrix m, Matrix n) noexcept nogil:
    cdef Matrix out
    out.a = m.a * n.a + m.b * n.c
    out.b = m.a * n.b + m.b * n.d
    out.c = m.c * n.a + m.d * n.c
    out.d = m.c * n.b + m.d * n.d
    return out


cdef Matrix power(Matrix base, int64_t exponent) noexcept nogil:
    cdef Matrix out
    out.a = out.d = 1.0
    out.b = out.c = 0.0
    while exponent > 0:
        if exponent & 1:
            out = times_(out, base)
        base = times_(base, base)
        exponent >>= 1
    return out


cdef double direct_smoothing(
    const double *v, int64_t count, double level_factor, double trend_factor
) noexcept nogil:
    cdef double before = 0.0, level = v[0], trend = v[1] - v[0], following
    cdef int64_t i
    for i in range(1, count):
        if i > 1:
            trend = trend_factor * (level - before) + (1 - trend_factor) * trend
        following = level_factor * v[i] + (1 - level_factor) * (level + trend)
        before = level
        level = following
    return level


cdef bint smooth_row(
    const double *v,
    int64_t length,
    const int32_t *lows,
    const int32_t *highs,
    Py_ssize_t steps,
    double level_factor,
    double trend_factor,
    double *out,
) noexcept nogil:
    cdef State *states = <State *> malloc((length + 1) * sizeof(State))
    cdef State state, gain, begun, faded
    cdef Matrix step_matrix, fade
    cdef int64_t i, count, fade_count = -1
    cdef Py_ssize_t step
    step_matrix.a = step_matrix.b = 1 - level_factor
    step_matrix.c = -trend_factor * level_factor
    step_matrix.d = 1 - trend_factor * level_factor
    gain.level, gain.trend = level_factor, trend_factor * level_factor
    state.level = state.trend = 0.0
    for i in range(length):
        state = applied(step_matrix, state)
        state.level += gain.level * v[i]
        state.trend += gain.trend * v[i]
        states[i] = state
    if length and not (isfinite(state.level) and isfinite(state.trend)):
        free(states)
        return False
    for step in range(steps):
        count = highs[step] - lows[step]
        if count < 2:
            continue
        i = lows[step]
        # After two samples the level is the second one, and the trend the difference.
        begun.level = level_factor * v[i + 1] + (1 - level_factor) * (v[i] + (v[i + 1] - v[i]))
        begun.trend = (
            trend_factor * (begun.level - v[i]) + (1 - trend_factor) * (v[i + 1] - v[i])
        )
        if fade_count != count - 2:
            fade_count = count - 2
            fade = power(step_matrix, fade_count)
        begun.level -= states[i + 1].level
        begun.trend -= states[i + 1].trend
        faded = applied(fade, begun)
        out[step] = states[highs[step] - 1].level + faded.level
    free(states)
    return True


def smoothing(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const double[::1] level_factors,
    const double[::1] trend_factors,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = lows.shape[1]
    cdef Py_ssize_t row, step, block
    cdef int64_t low, count, inside, length
    cdef const double *v
    cdef bint constant = True
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        for step in range(1, steps):
            if (
                level_factors[step] != level_factors[0]
                or trend_factors[step] != trend_factors[0]
            ):
                constant = False
        for row in range(rows):
            block = 0 if shared else row
            v = &values[0] + offsets[row]
            length = highs[block, steps - 1]
            inside = 0
            for step in range(steps):
                inside += highs[block, step] - lows[block, step]
            if constant and inside > 4 * length and smooth_row(
                v, length, &lows[block, 0], &highs[block, 0], steps,
                level_factors[0], trend_factors[0], &out[row, 0],
            ):
                continue
            for step in range(steps):
                low = lows[block, step]
                count = highs[block, step] - low
                if count >= 2:
                    out[row, step] = direct_smoothing(
                        v + low, count, level_factors[step], trend_factors[step]
                    )
