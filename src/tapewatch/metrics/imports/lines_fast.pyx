"""The compiled twin of ``lines_pure.py``, which says what each function means."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItem
from libc.stdint cimport int64_t
from libc.math cimport fabs
from libc.string cimport memchr, memcmp

import numpy as np

from tapewatch.metrics.imports import lines_pure
from tapewatch.metrics.imports.lines_pure import Lines

from tapewatch.model.digits_fast cimport read_double

cdef double TIME_MAX = lines_pure.TIME_MAX


def read_lines(bytes chunk not None, dict series not None, odd, int64_t first):
    cdef const char *at = PyBytes_AS_STRING(chunk)
    cdef const char *end = at + len(chunk)
    cdef const char *stop
    cdef Py_ssize_t most = chunk.count(b"\n") + 1, count = 0
    cdef int64_t number = first
    numbers_array = np.empty(most, dtype=np.int64)
    times_array = np.empty(most, dtype=np.float64)
    values_array = np.empty(most, dtype=np.float64)
    cdef int64_t[::1] numbers = numbers_array
    cdef double[::1] times = times_array
    cdef double[::1] values = values_array
    cdef Line line = Line(series)
    while at < end:
        stop = <const char *>memchr(at, c"\n", end - at)
        if stop == NULL:
            stop = end
        if line.read(at, stop):
            numbers[count] = line.number
            times[count] = line.time
            values[count] = line.value
            count += 1
        else:
            odd(number, PyBytes_FromStringAndSize(at, stop - at))
        number += 1
        at = stop + 1
    return Lines(
        numbers_array[:count], times_array[:count], values_array[:count], number - first
    )


cdef class Line:
    """Reads one line after the other; a prefix is looked up only where it is another one."""

    cdef dict series
    cdef int64_t number
    cdef double time, value
    cdef const char *prefix
    cdef Py_ssize_t length

    def __init__(self, dict series):
        self.series = series
        self.prefix = NULL
        self.length = 0

    cdef bint read(self, const char *begin, const char *end) except -1:
        cdef const char *time = last_space(begin, end)
        cdef const char *value
        if time == NULL:
            return False
        value = last_space(begin, time)
        if value == NULL or not self.find(begin, value - begin):
            return False
        if not is_number(time + 1, end, &self.time) or not fabs(self.time) < TIME_MAX:
            return False
        return is_number(value + 1, time, &self.value)

    cdef bint find(self, const char *begin, Py_ssize_t length) except -1:
        if length == self.length and memcmp(begin, self.prefix, length) == 0:
            return True
        found = PyDict_GetItem(self.series, PyBytes_FromStringAndSize(begin, length))
        if found == NULL:
            return False
        self.number = <object>found
        self.prefix = begin
        self.length = length
        return True


cdef const char *last_space(const char *begin, const char *end) noexcept nogil:
    while end > begin:
        end -= 1
        if end[0] == c" ":
            return end
    return NULL


cdef bint is_number(const char *begin, const char *end, double *number) noexcept nogil:
    return begin < end and read_double(begin, end, number) == end
