"""
The compiled twin of ``orders_pure.py``, which says what each function means.

The samples of a window are kept in order while it slides: what leaves is cut out, what enters is
put in its place. A window that has little in common with the one before is sorted afresh.
"""

from libc.math cimport INFINITY, NAN, fabs, floor
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove


cdef struct Ordered:
    double *values
    int64_t count
    int64_t nans


cdef void sort(double *v, int64_t low, int64_t high) noexcept nogil:
    # Quicksort with the median of three; short pieces are sorted by insertion.
    cdef int64_t i, j, middle
    cdef double pivot, value
    while high - low > 24:
        middle = low + (high - low) // 2
        if v[middle] < v[low]:
            v[middle], v[low] = v[low], v[middle]
        if v[high] < v[low]:
            v[high], v[low] = v[low], v[high]
        if v[high] < v[middle]:
            v[high], v[middle] = v[middle], v[high]
        pivot = v[middle]
        i = low
        j = high
        while i <= j:
            while v[i] < pivot:
                i += 1
            while pivot < v[j]:
                j -= 1
            if i <= j:
                v[i], v[j] = v[j], v[i]
                i += 1
                j -= 1
        if j - low < high - i:
            sort(v, low, j)
            low = i
        else:
            sort(v, i, high)
            high = j
    for i in range(low + 1, high + 1):
        value = v[i]
        j = i - 1
        while j >= low and value < v[j]:
            v[j + 1] = v[j]
            j -= 1
        v[j + 1] = value


cdef inline int64_t place_of(Ordered *ordered, double value) noexcept nogil:
    cdef int64_t low = 0, high = ordered.count, middle
    while low < high:
        middle = (low + high) // 2
        if ordered.values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline void enter(Ordered *ordered, double value) noexcept nogil:
    cdef int64_t place
    if value != value:
        ordered.nans += 1
        return
    place = place_of(ordered, value)
    memmove(
        &ordered.values[place + 1], &ordered.values[place],
        (ordered.count - place) * sizeof(double),
    )
    ordered.values[place] = value
    ordered.count += 1


cdef inline void leave(Ordered *ordered, double value) noexcept nogil:
    cdef int64_t place
    if value != value:
        ordered.nans -= 1
        return
    place = place_of(ordered, value)
    ordered.count -= 1
    memmove(
        &ordered.values[place], &ordered.values[place + 1],
        (ordered.count - place) * sizeof(double),
    )


cdef void sort_afresh(Ordered *ordered, const double *v, int64_t low, int64_t high) noexcept nogil:
    cdef int64_t i
    ordered.count = ordered.nans = 0
    for i in range(low, high):
        if v[i] != v[i]:
            ordered.nans += 1
        else:
            ordered.values[ordered.count] = v[i]
            ordered.count += 1
    sort(ordered.values, 0, ordered.count - 1)


cdef void slide(
    Ordered *ordered, const double *v, int64_t low, int64_t high, int64_t *was_low,
    int64_t *was_high,
) noexcept nogil:
    cdef int64_t i, moved = (low - was_low[0]) + (high - was_high[0])
    if low < was_low[0] or high < was_high[0] or low >= was_high[0] or moved * 8 > high - low:
        sort_afresh(ordered, v, low, high)
    else:
        for i in range(was_low[0], low):
            leave(ordered, v[i])
        for i in range(was_high[0], high):
            enter(ordered, v[i])
    was_low[0] = low
    was_high[0] = high


cdef inline double at_place(Ordered *ordered, int64_t place) noexcept nogil:
    return NAN if place < ordered.nans else ordered.values[place - ordered.nans]


cdef double quantile_of(Ordered *ordered, double rank) noexcept nogil:
    cdef int64_t size = ordered.count + ordered.nans
    cdef double place, weight
    cdef int64_t lower, upper
    if size == 0 or rank != rank:
        return NAN
    if rank < 0:
        return -INFINITY
    if rank > 1:
        return INFINITY
    place = rank * (size - 1)
    lower = <int64_t> floor(place)
    upper = lower + 1 if lower + 1 < size else size - 1
    weight = place - lower
    return at_place(ordered, lower) * (1 - weight) + at_place(ordered, upper) * weight


cdef double deviation_of(Ordered *ordered) noexcept nogil:
    # The distances fall towards the median from both ends, so merging from the middle sorts them.
    cdef double median = quantile_of(ordered, 0.5)
    cdef int64_t below = place_of(ordered, median) - 1
    cdef int64_t above = below + 1
    cdef int64_t lower = (ordered.count - 1) // 2
    cdef int64_t upper = ordered.count // 2
    cdef int64_t _
    cdef double distance = 0.0, before = 0.0
    if ordered.nans or ordered.count == 0 or median != median:
        return NAN
    for _ in range(upper + 1):
        before = distance
        if below < 0 or (
            above < ordered.count
            and fabs(ordered.values[above] - median) < fabs(ordered.values[below] - median)
        ):
            distance = fabs(ordered.values[above] - median)
            above += 1
        else:
            distance = fabs(ordered.values[below] - median)
            below -= 1
    return distance if lower == upper else before * 0.5 + distance * 0.5


def quantile(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const double[::1] ranks,
    double[:, ::1] out,
):
    if offsets.shape[0] > 1 and lows.shape[1]:
        with nogil:
            for_rows(values, offsets, shared, lows, highs, ranks, False, out)


def median_deviation(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    double[:, ::1] out,
):
    if offsets.shape[0] > 1 and lows.shape[1]:
        with nogil:
            for_rows(values, offsets, shared, lows, highs, out[0], True, out)


cdef void for_rows(
    const double[::1] values,
    const int64_t[::1] offsets,
    bint shared,
    const int32_t[:, ::1] lows,
    const int32_t[:, ::1] highs,
    const double[::1] ranks,
    bint deviation,
    double[:, ::1] out,
) noexcept nogil:
    cdef Py_ssize_t row, step, block
    cdef int64_t was_low, was_high, widest = 0
    cdef const double *v
    cdef Ordered ordered
    for row in range(lows.shape[0]):
        for step in range(lows.shape[1]):
            widest = max(widest, highs[row, step] - lows[row, step])
    ordered.values = <double *> malloc((2 * widest + 2) * sizeof(double))
    for row in range(offsets.shape[0] - 1):
        block = 0 if shared else row
        v = &values[0] + offsets[row] if values.shape[0] else NULL
        ordered.count = ordered.nans = 0
        was_low = was_high = 0
        for step in range(lows.shape[1]):
            slide(&ordered, v, lows[block, step], highs[block, step], &was_low, &was_high)
            if deviation:
                out[row, step] = deviation_of(&ordered)
            else:
                out[row, step] = quantile_of(&ordered, ranks[step])
    free(ordered.values)
