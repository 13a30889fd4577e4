"""
The compiled twin of ``groups_pure.py``, which says what each function means.

Rows are added into the rows of their groups one after the other, so that memory is read in order.
"""

from libc.float cimport DBL_MAX
from libc.math cimport INFINITY, NAN, fabs, floor, isfinite, isinf
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memset


def count(const uint8_t[:, ::1] present, const int32_t[::1] ids, int32_t[:, ::1] counts):
    cdef Py_ssize_t row, step
    cdef int32_t *c
    counts[:, :] = 0
    with nogil:
        for row in range(ids.shape[0]):
            c = &counts[ids[row], 0]
            for step in range(counts.shape[1]):
                c[step] += present[row, step] if present.shape[0] else 1


def total(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    double[:, ::1] out,
    int32_t[:, ::1] counts,
):
    cdef Py_ssize_t cells = out.shape[0] * out.shape[1]
    cdef Py_ssize_t i
    cdef double *lost
    cdef double *sums
    if cells == 0:
        return
    count(present, ids, counts)
    with nogil:
        lost = <double *> malloc(cells * sizeof(double))
        add_rows(values, present, ids, out, lost)
        sums = &out[0, 0]
        for i in range(cells):
            if not isinf(sums[i]):
                sums[i] += lost[i]
        free(lost)


def mean(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    double[:, ::1] out,
    int32_t[:, ::1] counts,
):
    cdef Py_ssize_t cells = out.shape[0] * out.shape[1]
    cdef Py_ssize_t i
    cdef double *lost
    cdef double *sums
    cdef int32_t *numbers
    if cells == 0:
        return
    count(present, ids, counts)
    with nogil:
        lost = <double *> malloc(cells * sizeof(double))
        add_rows(values, present, ids, out, lost)
        sums = &out[0, 0]
        numbers = &counts[0, 0]
        for i in range(cells):
            if numbers[i] and isinf(sums[i]):
                sums[i] = careful_mean(
                    values, present, ids, i // out.shape[1], i % out.shape[1]
                )
            elif numbers[i]:
                sums[i] = sums[i] / numbers[i] + lost[i] / numbers[i]
        free(lost)


cdef void add_rows(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    double[:, ::1] out,
    double *lost,
) noexcept nogil:
    cdef Py_ssize_t steps = out.shape[1]
    cdef Py_ssize_t row, step
    cdef const double *v
    cdef const uint8_t *here
    cdef double *sums
    cdef double *errors
    cdef double term, together, part, error
    memset(&out[0, 0], 0, out.shape[0] * steps * sizeof(double))
    memset(lost, 0, out.shape[0] * steps * sizeof(double))
    for row in range(ids.shape[0]):
        v = &values[row, 0]
        sums = &out[ids[row], 0]
        errors = lost + ids[row] * steps
        if present.shape[0] == 0:
            for step in range(steps):
                term = v[step]
                together = sums[step] + term
                part = together - sums[step]
                error = errors[step] + ((sums[step] - (together - part)) + (term - part))
                errors[step] = 0.0 if fabs(together) > DBL_MAX else error
                sums[step] = together
        else:
            here = &present[row, 0]
            for step in range(steps):
                if here[step]:
                    term = v[step]
                    together = sums[step] + term
                    part = together - sums[step]
                    error = errors[step] + ((sums[step] - (together - part)) + (term - part))
                    errors[step] = 0.0 if fabs(together) > DBL_MAX else error
                    sums[step] = together


cdef inline void increment(double term, double *running, double *lost) noexcept nogil:
    cdef double together = running[0] + term
    if isinf(together):
        lost[0] = 0.0
    elif fabs(running[0]) >= fabs(term):
        lost[0] += (running[0] - together) + term
    else:
        lost[0] += (term - together) + running[0]
    running[0] = together


cdef double careful_mean(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    Py_ssize_t group,
    Py_ssize_t step,
) noexcept nogil:
    cdef double running = 0.0, lost = 0.0, together, error, share
    cdef int64_t number = 0
    cdef bint incremental = False
    cdef Py_ssize_t row
    for row in range(ids.shape[0]):
        if ids[row] != group or (present.shape[0] and not present[row, step]):
            continue
        number += 1
        if number == 1:
            running = values[row, step]
            continue
        if not incremental:
            together, error = running, lost
            increment(values[row, step], &together, &error)
            if not isinf(together):
                running, lost = together, error
                continue
            incremental = True
            running /= number - 1
            lost /= number - 1
        share = <double> (number - 1) / number
        running *= share
        lost *= share
        increment(values[row, step] / number, &running, &lost)
    return running + lost if incremental else running / number + lost / number


def extreme(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    bint largest,
    double[:, ::1] out,
    int32_t[:, ::1] counts,
):
    cdef Py_ssize_t steps = out.shape[1]
    cdef Py_ssize_t row, step
    cdef const double *v
    cdef const uint8_t *here
    cdef double *best
    if out.shape[0] == 0 or steps == 0:
        return
    count(present, ids, counts)
    out[:, :] = NAN
    with nogil:
        for row in range(ids.shape[0]):
            v = &values[row, 0]
            here = &present[row, 0] if present.shape[0] else NULL
            best = &out[ids[row], 0]
            if largest:
                for step in range(steps):
                    if here == NULL or here[step]:
                        best[step] = best[step] if best[step] >= v[step] else (
                            v[step] if v[step] == v[step] else best[step]
                        )
            else:
                for step in range(steps):
                    if here == NULL or here[step]:
                        best[step] = best[step] if best[step] <= v[step] else (
                            v[step] if v[step] == v[step] else best[step]
                        )


def variance(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    double[:, ::1] out,
    int32_t[:, ::1] counts,
):
    cdef Py_ssize_t steps = out.shape[1]
    cdef Py_ssize_t cells = out.shape[0] * steps
    cdef Py_ssize_t row, step, cell
    cdef double *centre
    cdef double *spread
    cdef int32_t *number
    cdef double delta, term
    if cells == 0:
        return
    counts[:, :] = 0
    with nogil:
        centre = <double *> malloc(cells * sizeof(double))
        spread = &out[0, 0]
        number = &counts[0, 0]
        memset(centre, 0, cells * sizeof(double))
        memset(spread, 0, cells * sizeof(double))
        for row in range(ids.shape[0]):
            for step in range(steps):
                if present.shape[0] and not present[row, step]:
                    continue
                cell = ids[row] * steps + step
                term = values[row, step]
                number[cell] += 1
                if number[cell] == 1 and not isfinite(term):
                    spread[cell] = NAN
                delta = term - centre[cell]
                centre[cell] += delta / number[cell]
                spread[cell] += delta * (term - centre[cell])
        for cell in range(cells):
            if number[cell]:
                spread[cell] /= number[cell]
        free(centre)


cdef int compare(const void *one, const void *other) noexcept nogil:
    cdef double a = (<const double *> one)[0]
    cdef double b = (<const double *> other)[0]
    if a != a or b != b:
        return (b != b) - (a != a)
    return (a > b) - (a < b)


cdef double quantile_of(double *values, int64_t size, double rank) noexcept nogil:
    cdef double place, weight
    cdef int64_t lower, upper
    if size == 0 or rank != rank:
        return NAN
    if rank < 0:
        return -INFINITY
    if rank > 1:
        return INFINITY
    qsort(values, size, sizeof(double), &compare)
    place = rank * (size - 1)
    lower = <int64_t> floor(place)
    upper = lower + 1 if lower + 1 < size else size - 1
    weight = place - lower
    return values[lower] * (1 - weight) + values[upper] * weight


cdef struct Members:
    # The rows of group g are rows[starts[g]:starts[g + 1]].
    int32_t *rows
    int32_t *starts


cdef Members members_of(const int32_t[::1] ids, Py_ssize_t groups) noexcept nogil:
    cdef Members members
    cdef Py_ssize_t row, group
    members.rows = <int32_t *> malloc((ids.shape[0] + 1) * sizeof(int32_t))
    members.starts = <int32_t *> malloc((groups + 2) * sizeof(int32_t))
    memset(members.starts, 0, (groups + 2) * sizeof(int32_t))
    for row in range(ids.shape[0]):
        members.starts[ids[row] + 2] += 1
    for group in range(groups):
        members.starts[group + 2] += members.starts[group + 1]
    for row in range(ids.shape[0]):
        members.rows[members.starts[ids[row] + 1]] = <int32_t> row
        members.starts[ids[row] + 1] += 1
    return members


def quantile(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    const double[::1] ranks,
    double[:, ::1] out,
    int32_t[:, ::1] counts,
):
    cdef Py_ssize_t groups = out.shape[0]
    cdef Py_ssize_t group, step
    cdef int32_t i, row, size
    cdef Members members
    cdef double *cells
    with nogil:
        members = members_of(ids, groups)
        cells = <double *> malloc((ids.shape[0] + 1) * sizeof(double))
        for group in range(groups):
            for step in range(out.shape[1]):
                size = 0
                for i in range(members.starts[group], members.starts[group + 1]):
                    row = members.rows[i]
                    if present.shape[0] == 0 or present[row, step]:
                        cells[size] = values[row, step]
                        size += 1
                counts[group, step] = size
                out[group, step] = quantile_of(cells, size, ranks[step])
        free(cells)
        free(members.rows)
        free(members.starts)


def highest(
    const double[:, ::1] values,
    const uint8_t[:, ::1] present,
    const int32_t[::1] ids,
    Py_ssize_t group_count,
    const int32_t[::1] sizes,
    bint largest,
    uint8_t[:, ::1] chosen,
):
    cdef Py_ssize_t group, step
    cdef int32_t i, row, kept
    cdef Members members
    cdef int32_t *heap
    chosen[:, :] = 0
    with nogil:
        members = members_of(ids, group_count)
        heap = <int32_t *> malloc((ids.shape[0] + 1) * sizeof(int32_t))
        for group in range(group_count):
            for step in range(values.shape[1]):
                kept = 0
                for i in range(members.starts[group], members.starts[group + 1]):
                    row = members.rows[i]
                    if present.shape[0] and not present[row, step]:
                        continue
                    if kept < sizes[step]:
                        heap[kept] = row
                        kept += 1
                        rise(values, heap, kept - 1, step, largest)
                    elif kept and replaces(values[row, step], values[heap[0], step], largest):
                        heap[0] = row
                        sink(values, heap, kept, step, largest)
                for i in range(kept):
                    chosen[heap[i], step] = 1
        free(heap)
        free(members.rows)
        free(members.starts)


cdef inline bint replaces(double value, double worst, bint largest) noexcept nogil:
    if worst != worst:
        return value == value
    return value > worst if largest else value < worst


cdef inline bint worse(double one, double other, bint largest) noexcept nogil:
    if one != one:
        return True
    return one < other if largest else one > other


cdef inline void rise(
    const double[:, ::1] values, int32_t *heap, int32_t place, Py_ssize_t step, bint largest
) noexcept nogil:
    cdef int32_t parent
    while place:
        parent = (place - 1) // 2
        if not worse(values[heap[place], step], values[heap[parent], step], largest):
            return
        heap[place], heap[parent] = heap[parent], heap[place]
        place = parent


cdef inline void sink(
    const double[:, ::1] values, int32_t *heap, int32_t size, Py_ssize_t step, bint largest
) noexcept nogil:
    cdef int32_t place = 0, child = 1
    while child < size:
        if child + 1 < size and worse(
            values[heap[child + 1], step], values[heap[child], step], largest
        ):
            child += 1
        if not worse(values[heap[child], step], values[heap[place], step], largest):
            return
        heap[place], heap[child] = heap[child], heap[place]
        place = child
        child = 2 * place + 1
