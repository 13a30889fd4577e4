"""The compiled twin of ``summaries_pure.py``, which says what each function means."""

from libc.math cimport fabs, isinf, isnan
from libc.stdint cimport int64_t, uint8_t


def newest(
    const double[:, ::1] counts,
    const double[:, ::1] lasts,
    const double[:, ::1] states,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    double[:, ::1] out,
    uint8_t[:, ::1] present,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket
    cdef bint ended
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                present[row, step] = False
                bucket = highs[step] - 1
                while bucket >= lows[step]:
                    ended = (<int64_t> states[row, bucket]) & 1
                    if ended:
                        break
                    if counts[row, bucket] > 0:
                        present[row, step] = True
                        out[row, step] = lasts[row, bucket]
                        break
                    bucket -= 1


def total(
    const double[:, ::1] counts,
    const double[:, ::1] sums,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    double[:, ::1] out,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket
    cdef double running, lost, term, together
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                running = 0.0
                lost = 0.0
                for bucket in range(lows[step], highs[step]):
                    if counts[row, bucket] == 0:
                        continue
                    term = sums[row, bucket]
                    together = running + term
                    if isinf(together):
                        lost = 0.0
                    elif fabs(running) >= fabs(term):
                        lost += (running - together) + term
                    else:
                        lost += (term - together) + running
                    running = together
                out[row, step] = running if isinf(running) else running + lost


def extreme(
    const double[:, ::1] counts,
    const double[:, ::1] values,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    bint largest,
    double[:, ::1] out,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket
    cdef double best, value
    cdef bint found
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                found = False
                best = 0.0
                for bucket in range(lows[step], highs[step]):
                    if counts[row, bucket] == 0:
                        continue
                    value = values[row, bucket]
                    if not found or isnan(best) or (value > best if largest else value < best):
                        best = value
                    found = True
                if found:
                    out[row, step] = best


def edge(
    const double[:, ::1] counts,
    const double[:, ::1] values,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    bint last,
    double[:, ::1] out,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket, place, length
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                length = highs[step] - lows[step]
                for place in range(length):
                    bucket = highs[step] - 1 - place if last else lows[step] + place
                    if counts[row, bucket] > 0:
                        out[row, step] = values[row, bucket]
                        break


def transitions(
    const double[:, ::1] counts,
    const double[:, ::1] firsts,
    const double[:, ::1] lasts,
    const double[:, ::1] inside,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    bint falls_only,
    double[:, ::1] out,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket
    cdef double found, first, previous
    cdef bint begun
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                found = 0.0
                previous = 0.0
                begun = False
                for bucket in range(lows[step], highs[step]):
                    if counts[row, bucket] == 0:
                        continue
                    first = firsts[row, bucket]
                    if begun:
                        if falls_only:
                            found += first < previous
                        else:
                            found += first != previous and not (isnan(first) and isnan(previous))
                    found += inside[row, bucket]
                    previous = lasts[row, bucket]
                    begun = True
                out[row, step] = found


def extrapolated(
    const double[:, ::1] counts,
    const double[:, ::1] first_ages,
    const double[:, ::1] firsts,
    const double[:, ::1] last_ages,
    const double[:, ::1] lasts,
    const double[:, ::1] restarted,
    const int64_t[::1] lows,
    const int64_t[::1] highs,
    const int64_t[::1] ends,
    int64_t range_ms,
    int64_t after_ms,
    int64_t resolution_ms,
    bint counter,
    bint per_second,
    double[:, ::1] out,
):
    cdef Py_ssize_t row, step
    cdef int64_t bucket
    cdef double samples, change, first, last, first_ms, last_ms
    cdef double sampled, interval, to_start, to_end, to_zero, factor
    with nogil:
        for row in range(counts.shape[0]):
            for step in range(lows.shape[0]):
                samples = 0.0
                change = 0.0
                first = last = first_ms = last_ms = 0.0
                for bucket in range(lows[step], highs[step]):
                    if counts[row, bucket] == 0:
                        continue
                    if samples == 0:
                        first = firsts[row, bucket]
                        first_ms = after_ms + (bucket + 1) * resolution_ms
                        first_ms -= first_ages[row, bucket]
                    elif counter and firsts[row, bucket] < last:
                        change += last
                    if counter:
                        change += restarted[row, bucket]
                    samples += counts[row, bucket]
                    last = lasts[row, bucket]
                    last_ms = after_ms + (bucket + 1) * resolution_ms
                    last_ms -= last_ages[row, bucket]
                if samples < 2:
                    continue
                change += last - first
                sampled = (last_ms - first_ms) / 1000.0
                interval = sampled / (samples - 1)
                to_start = (first_ms - (ends[step] - range_ms)) / 1000.0
                to_end = (ends[step] - last_ms) / 1000.0
                if to_start >= interval * 1.1:
                    to_start = interval / 2
                if to_end >= interval * 1.1:
                    to_end = interval / 2
                if counter and change > 0 and first >= 0:
                    to_zero = sampled * (first / change)
                    if to_zero < to_start:
                        to_start = to_zero
                factor = (sampled + to_start + to_end) / sampled
                out[row, step] = change * (factor / (range_ms / 1000.0) if per_second else factor)
