from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint64_t

cdef int64_t now_ns() noexcept nogil

cdef class Memory:
    cdef char *base
    cdef readonly Py_ssize_t size
    cdef int guard
    cdef char *at(self, Py_ssize_t place, Py_ssize_t size) except NULL
    cdef void count_drop(self, int reason) noexcept nogil

cdef class CounterHandle:
    cdef double *cell
    cdef Memory memory
    cdef void add(self, double amount) noexcept nogil

cdef class GaugeHandle:
    cdef double *cell
    cdef Memory memory

cdef class StateHandle:
    cdef double *cell
    cdef Memory memory
    cdef dict places
    cdef readonly tuple states

cdef class HistogramHandle:
    cdef double *head
    cdef int64_t *positive
    cdef int64_t *negative
    cdef uint64_t bucket_count
    cdef int64_t index_low
    cdef double threshold
    cdef readonly double unit_ns
    cdef Memory memory
    cdef Py_ssize_t offset
    cdef bint signed_
    cdef void record(self, double value) noexcept nogil
    cdef void record_rest(self, double value) noexcept nogil
    cdef void record_since(self, int64_t start_ns) noexcept nogil
    cdef void keep(self, object exemplar, object value) noexcept

cdef class ClassicHandle:
    cdef double *sum_
    cdef int64_t *cells
    cdef double *bounds
    cdef Py_ssize_t bound_count
    cdef Memory memory
    cdef Py_ssize_t offset
    cdef void record(self, double value) noexcept nogil

cdef class Timing:
    cdef HistogramHandle handle
    cdef int64_t start_ns

cdef class Ring:
    cdef Memory memory
    cdef uint64_t *next
    cdef char *slots
    cdef uint64_t mask
    cdef void write(
        self, int64_t at_ns, uint64_t format_and_types, const char *payload, Py_ssize_t size
    ) noexcept nogil

cdef struct Recent:
    PyObject *key
    PyObject *handle

cdef class Bindable:
    cdef public dict children
    cdef dict __dict__
    cdef dict remembered
    cdef Recent *recent
    cdef PyObject *recall(self, PyObject **values, Py_ssize_t count) noexcept
    cdef void remember(self, tuple key, PyObject *handle) noexcept
    cdef void forget(self) noexcept
