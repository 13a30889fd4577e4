"""The compiled twin of ``rates_pure.py``, which says what each function means."""

from libc.math cimport fabs, isfinite
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

cdef struct Edges:
    double sampled
    double to_start
    double to_end
    double factor


cdef struct Restarts:
    # Which samples of a row come after a restart. rank[i] counts those up to sample i, before[r]
    # is the value that restart r ended, and (high, low)[r] the sum of the first r of them in
    # twice the precision of a double, so that a difference of two sums loses nothing.
    int32_t count
    bint summable
    int32_t *rank
    double *before
    double *high
    double *low
    double magnitude


cdef inline Edges edges_of(
    const int64_t *at, int64_t low, int64_t high, int64_t end, int64_t range_ms, double per
) noexcept nogil:
    cdef Edges edges
    cdef double interval = 0.0
    edges.sampled = (at[high - 1] - at[low]) / 1000.0
    if high - low > 1:
        interval = edges.sampled / (high - low - 1)
    edges.to_start = (at[low] - (end - range_ms)) / 1000.0
    edges.to_end = (end - at[high - 1]) / 1000.0
    if edges.to_start >= interval * 1.1:
        edges.to_start = interval / 2
    if edges.to_end >= interval * 1.1:
        edges.to_end = interval / 2
    edges.factor = stretch(edges, per)
    return edges


cdef inline double stretch(Edges edges, double per) noexcept nogil:
    if edges.sampled == 0:
        return 1.0 / per
    return (edges.sampled + edges.to_start + edges.to_end) / edges.sampled / per


cdef inline double finish(Edges *edges, double first, double change, double per) noexcept nogil:
    # Only where the line hits zero inside the stretch does the value itself matter.
    cdef Edges limited
    if change > 0 and first >= 0 and edges.sampled * first < edges.to_start * change:
        limited = edges[0]
        limited.to_start = edges.sampled * (first / change)
        return change * stretch(limited, per)
    return change * edges.factor


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


cdef bint any_fall(const double *v, int64_t length) noexcept nogil:
    cdef int64_t i
    cdef int32_t falls = 0
    for i in range(1, length):
        falls += v[i] < v[i - 1]
    return falls != 0


cdef Restarts *find_restarts(
    const int64_t *at, const double *v, const int64_t *starts, int64_t length
) noexcept nogil:
    cdef Restarts *found
    cdef int64_t i
    cdef int32_t count = 0
    cdef double total, part, error, high = 0.0, low = 0.0
    found = <Restarts *> malloc(sizeof(Restarts))
    found.rank = <int32_t *> malloc(length * sizeof(int32_t) + 1)
    found.before = <double *> malloc(3 * (length + 1) * sizeof(double))
    found.high = found.before + length + 1
    found.low = found.high + length + 1
    found.summable = True
    found.magnitude = 0.0
    found.high[0] = 0.0
    found.low[0] = 0.0
    for i in range(length):
        if i and (
            v[i] < v[i - 1]
            or (starts != NULL and start_reset(starts[i - 1], at[i - 1], starts[i], at[i]))
        ):
            found.before[count] = v[i - 1]
            found.summable &= isfinite(v[i - 1]) != 0
            total = high + v[i - 1]
            part = total - high
            error = (high - (total - part)) + (v[i - 1] - part)
            low += error
            high = total
            if fabs(high) > found.magnitude:
                found.magnitude = fabs(high)
            count += 1
            found.high[count] = high
            found.low[count] = low
        if length:
            found.rank[i] = count
    found.count = count
    return found


cdef void free_restarts(Restarts *found) noexcept nogil:
    free(found.rank)
    free(found.before)
    free(found)


cdef inline double correction(Restarts *found, int64_t low, int64_t high) noexcept nogil:
    cdef int32_t first = found.rank[low]
    cdef int32_t last = found.rank[high - 1]
    cdef int32_t i
    cdef double total
    if first == last:
        return 0.0
    if found.summable and last - first > 8:
        total = (found.high[last] - found.high[first]) + (found.low[last] - found.low[first])
        if fabs(total) > found.magnitude * 1e-12:
            return total
    total = 0.0
    for i in range(first, last):
        total += found.before[i]
    return total


def extrapolated(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const int64_t[::1] ends,
    int64_t range_ms,
    bint counter,
    bint per_second,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = ends.shape[0]
    cdef Py_ssize_t row, step, block
    cdef int64_t low, high
    cdef double change, per = range_ms / 1000.0 if per_second else 1.0
    cdef const int64_t *at
    cdef const double *v
    cdef const int32_t *lo
    cdef const int32_t *hi
    cdef Restarts *restarts
    cdef Edges *edges
    cdef Edges *edge
    cdef Edges own
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        edges = <Edges *> malloc((steps if shared else 1) * sizeof(Edges))
        if shared:
            for step in range(steps):
                if highs[0, step] - lows[0, step] >= 2:
                    edges[step] = edges_of(
                        &times[0], lows[0, step], highs[0, step], ends[step], range_ms, per
                    )
        for row in range(rows):
            block = 0 if shared else row
            at = &times[0] if shared else &times[0] + offsets[row]
            v = &values[0] + offsets[row]
            lo = &lows[block, 0]
            hi = &highs[block, 0]
            restarts = NULL
            if counter and any_fall(v, hi[steps - 1]):
                restarts = find_restarts(at, v, NULL, hi[steps - 1])
            for step in range(steps):
                low = lo[step]
                high = hi[step]
                if high - low < 2:
                    continue
                if shared:
                    edge = &edges[step]
                else:
                    own = edges_of(at, low, high, ends[step], range_ms, per)
                    edge = &own
                change = v[high - 1] - v[low]
                if counter:
                    if restarts != NULL:
                        change += correction(restarts, low, high)
                    out[row, step] = finish(edge, v[low], change, per)
                else:
                    out[row, step] = change * edge.factor
            if restarts != NULL:
                free_restarts(restarts)
        free(edges)


def extrapolated_with_starts(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] starts,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const int64_t[::1] ends,
    int64_t range_ms,
    bint per_second,
    double[:, ::1] out,
    uint8_t[:, ::1] present,
    uint8_t[::1] overlaps,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = ends.shape[0]
    cdef Py_ssize_t row, step, block
    cdef int64_t low, high, i, length
    cdef double change, per = range_ms / 1000.0 if per_second else 1.0
    cdef const int64_t *at
    cdef const int64_t *start
    cdef const double *v
    cdef int32_t *overlap_rank
    cdef Restarts *restarts
    cdef Edges edge
    if rows == 0 or steps == 0:
        return
    present[:, :] = 0
    overlaps[:] = 0
    if values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            block = 0 if shared else row
            length = highs[block, steps - 1]
            at = &times[0] if shared else &times[0] + offsets[row]
            v = &values[0] + offsets[row]
            start = &starts[0] + offsets[row]
            restarts = find_restarts(at, v, start, length)
            overlap_rank = <int32_t *> malloc(length * sizeof(int32_t) + 1)
            for i in range(length):
                overlap_rank[i] = overlap_rank[i - 1] if i else 0
                if i and start[i] != 0 and start[i] < at[i - 1] and start[i] != start[i - 1]:
                    overlap_rank[i] += 1
            for step in range(steps):
                low = lows[block, step]
                high = highs[block, step]
                if high == low:
                    continue
                overlaps[row] |= overlap_rank[high - 1] != overlap_rank[low]
                change = v[high - 1] - v[low] + correction(restarts, low, high)
                edge = edges_of(at, low, high, ends[step], range_ms, per)
                if start[low] != 0 and ends[step] - range_ms < start[low] < at[low]:
                    edge.sampled = (at[high - 1] - start[low]) / 1000.0
                    edge.to_start = 0.0
                    out[row, step] = (change + v[low]) * stretch(edge, per)
                elif high - low == 1:
                    continue
                else:
                    out[row, step] = finish(&edge, v[low], change, per)
                present[row, step] = 1
            free(overlap_rank)
            free_restarts(restarts)


def extended(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const int64_t[::1] ends,
    int64_t range_ms,
    bint smoothed,
    bint counter,
    bint per_second,
    double[:, ::1] out,
    uint8_t[:, ::1] present,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = ends.shape[0]
    cdef Py_ssize_t row, step, block
    cdef double per = range_ms / 1000.0 if per_second else 1.0
    cdef const int64_t *at
    cdef const double *v
    cdef Restarts *restarts
    if rows == 0 or steps == 0:
        return
    present[:, :] = 0
    if values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            block = 0 if shared else row
            at = &times[0] if shared else &times[0] + offsets[row]
            v = &values[0] + offsets[row]
            restarts = find_restarts(at, v, NULL, highs[block, steps - 1])
            for step in range(steps):
                if highs[block, step] == lows[block, step]:
                    continue
                present[row, step] = extended_change(
                    at, v, restarts, lows[block, step], highs[block, step],
                    ends[step] - range_ms, ends[step], smoothed, counter, &out[row, step],
                )
                out[row, step] /= per
            free_restarts(restarts)


cdef bint extended_change(
    const int64_t *at,
    const double *v,
    Restarts *restarts,
    int64_t low,
    int64_t high,
    int64_t begin,
    int64_t end,
    bint smoothed,
    bint counter,
    double *change,
) noexcept nogil:
    cdef int64_t last = high - 1
    cdef int64_t first = lower_bound(at, low, last, begin + 1) - 1
    cdef double left, right
    if first < low:
        first = low
    if smoothed:
        last = lower_bound(at, low, last, end)
    change[0] = 0.0
    if at[last] <= begin or (smoothed and at[first] > end):
        return False
    left = v[first]
    right = v[last]
    if smoothed and at[first] < begin:
        left = between(at, v, first, begin, counter)
    if smoothed and last > low and at[last] > end:
        right = between(at, v, last - 1, end, counter)
    change[0] = right - left
    if not counter:
        return True
    if at[first] <= begin:
        first += 1
    if at[last] >= end:
        last -= 1
    if first > last:
        if right < left:
            change[0] += left
        return True
    if v[first] < left:
        change[0] += left
    if right < v[last]:
        change[0] += v[last]
    change[0] += correction(restarts, first, last + 1)
    return True


cdef inline int64_t lower_bound(
    const int64_t *at, int64_t low, int64_t high, int64_t moment
) noexcept nogil:
    cdef int64_t middle
    while low < high:
        middle = low + (high - low) // 2
        if at[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline double between(
    const int64_t *at, const double *v, int64_t i, int64_t moment, bint counter
) noexcept nogil:
    cdef double one = v[i]
    cdef double other = v[i + 1]
    if counter and other < one:
        one = 0.0
    return one + (other - one) * (<double> (moment - at[i]) / <double> (at[i + 1] - at[i]))


def between_last_two(
    const int64_t[::1] times,
    const double[::1] values,
    const int64_t[::1] starts,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    bint counter,
    double[:, ::1] out,
):
    cdef Py_ssize_t rows = offsets.shape[0] - 1
    cdef Py_ssize_t steps = lows.shape[1]
    cdef Py_ssize_t row, step, block
    cdef int64_t last, base
    cdef double change
    cdef bint restarted, has_starts = starts.shape[0] > 0
    cdef const int64_t *at
    cdef const double *v
    if rows == 0 or steps == 0 or values.shape[0] == 0:
        return
    with nogil:
        for row in range(rows):
            block = 0 if shared else row
            base = offsets[row]
            at = &times[0] if shared else &times[0] + base
            v = &values[0] + base
            for step in range(steps):
                last = highs[block, step] - 1
                if last - lows[block, step] < 1:
                    continue
                change = v[last] - v[last - 1]
                if counter:
                    restarted = v[last] < v[last - 1] or (
                        has_starts and start_reset(
                            starts[base + last - 1], at[last - 1], starts[base + last], at[last]
                        )
                    )
                    if restarted:
                        change = v[last]
                    change /= (at[last] - at[last - 1]) / 1000.0
                out[row, step] = change
