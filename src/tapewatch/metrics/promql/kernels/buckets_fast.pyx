"""The compiled twin of ``buckets_pure.py``, which says what each function means."""

from libc.float cimport DBL_MAX
from libc.math cimport INFINITY, NAN, fabs
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport free, malloc

cdef double TOLERANCE = 1e-12
cdef double SMALLEST_NORMAL = 2.2250738585072014e-308


cdef struct Cells:
    double *bounds
    double *counts
    int32_t size


cdef inline void gather(
    Cells *cells,
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] rows,
    const double[::1] bounds,
    int32_t first,
    int32_t last,
    Py_ssize_t step,
) noexcept nogil:
    cdef int32_t i
    cells.size = 0
    for i in range(first, last):
        if present.shape[0] and not present[rows[i], step]:
            continue
        if cells.size and cells.bounds[cells.size - 1] == bounds[i]:
            cells.counts[cells.size - 1] += values[rows[i], step]
        else:
            cells.bounds[cells.size] = bounds[i]
            cells.counts[cells.size] = values[rows[i], step]
            cells.size += 1


cdef inline bint almost_equal(double one, double other) noexcept nogil:
    cdef double size = fabs(one) + fabs(other)
    cdef double difference = fabs(one - other)
    if one != one and other != other:
        return True
    if one == 0 or other == 0 or size < SMALLEST_NORMAL:
        return difference < TOLERANCE * SMALLEST_NORMAL
    return difference / (size if size < DBL_MAX else DBL_MAX) < TOLERANCE


cdef inline void raise_counts(Cells *cells, double[::1] forced) noexcept nogil:
    cdef double before = cells.counts[0], count
    cdef int32_t i
    for i in range(1, cells.size):
        count = cells.counts[i]
        if count == before:
            continue
        if count > before and count - before > 1e-9 * count:
            before = count
        elif almost_equal(before, count):
            cells.counts[i] = before
        elif count < before:
            cells.counts[i] = before
            if not forced[0] <= cells.bounds[i]:
                forced[0] = cells.bounds[i]
            if not forced[1] >= cells.bounds[i]:
                forced[1] = cells.bounds[i]
            if not forced[2] >= before - count:
                forced[2] = before - count
        else:
            before = count


cdef double quantile_of(Cells *cells, double rank, double[::1] forced) noexcept nogil:
    cdef int32_t low = 0, high = cells.size - 1, last = cells.size - 1, middle
    cdef double wanted, lower = 0.0, below = 0.0
    if rank != rank:
        return NAN
    if rank < 0:
        return -INFINITY
    if rank > 1:
        return INFINITY
    if cells.bounds[last] != INFINITY:
        return NAN
    raise_counts(cells, forced)
    if cells.size < 2 or cells.counts[last] == 0:
        return NAN
    wanted = rank * cells.counts[last]
    while low < high:
        middle = (low + high) // 2
        if cells.counts[middle] >= wanted:
            high = middle
        else:
            low = middle + 1
    if low == last:
        return cells.bounds[last - 1]
    if low == 0 and cells.bounds[0] <= 0:
        return cells.bounds[0]
    if low:
        lower = cells.bounds[low - 1]
        below = cells.counts[low - 1]
    return lower + (cells.bounds[low] - lower) * (
        (wanted - below) / (cells.counts[low] - below)
    )


def quantile(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] rows,
    const double[::1] bounds,
    const int32_t[::1] edges,
    const double[::1] ranks,
    double[:, ::1] out,
    uint8_t[:, ::1] found,
    double[:, :, ::1] forced,
):
    cdef Py_ssize_t group, step
    cdef Cells cells
    forced[:, :, :] = NAN
    with nogil:
        cells.bounds = <double *> malloc((rows.shape[0] + 1) * sizeof(double))
        cells.counts = <double *> malloc((rows.shape[0] + 1) * sizeof(double))
        for group in range(edges.shape[0] - 1):
            for step in range(out.shape[1]):
                gather(
                    &cells, values, present, rows, bounds, edges[group], edges[group + 1], step
                )
                found[group, step] = cells.size > 0
                if cells.size:
                    out[group, step] = quantile_of(&cells, ranks[step], forced[group, step])
        free(cells.bounds)
        free(cells.counts)


cdef double rank_of(Cells *cells, double value) noexcept nogil:
    cdef double total = cells.counts[cells.size - 1]
    cdef double low = 0.0 if cells.bounds[0] > 0 else -INFINITY
    cdef double below = 0.0, rank = total
    cdef int32_t i
    for i in range(cells.size):
        if low >= value:
            rank = below
            break
        if cells.bounds[i] > value:
            if low == -INFINITY:
                rank = cells.counts[i]
            else:
                rank = below + (cells.counts[i] - below) * (value - low) / (cells.bounds[i] - low)
            break
        low = cells.bounds[i]
        below = cells.counts[i]
    return total if rank > total else rank


cdef double fraction_of(Cells *cells, double lower, double upper) noexcept nogil:
    cdef double total = cells.counts[cells.size - 1]
    if cells.bounds[cells.size - 1] != INFINITY or total == 0:
        return NAN
    if lower != lower or upper != upper:
        return NAN
    if lower >= upper:
        return 0.0
    return (rank_of(cells, upper) - rank_of(cells, lower)) / total


def fraction(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] rows,
    const double[::1] bounds,
    const int32_t[::1] edges,
    const double[::1] lowers,
    const double[::1] uppers,
    double[:, ::1] out,
    uint8_t[:, ::1] found,
):
    cdef Py_ssize_t group, step
    cdef Cells cells
    with nogil:
        cells.bounds = <double *> malloc((rows.shape[0] + 1) * sizeof(double))
        cells.counts = <double *> malloc((rows.shape[0] + 1) * sizeof(double))
        for group in range(edges.shape[0] - 1):
            for step in range(out.shape[1]):
                gather(
                    &cells, values, present, rows, bounds, edges[group], edges[group + 1], step
                )
                found[group, step] = cells.size > 0
                if cells.size:
                    out[group, step] = fraction_of(&cells, lowers[step], uppers[step])
        free(cells.bounds)
        free(cells.counts)
