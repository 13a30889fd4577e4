# What other compiled modules may ``cimport``.

from libc.stdint cimport int64_t

# Bytes that must be free at ``out``; a number may be written with some noise behind it.
cdef enum:
    DOUBLE_WIDTH = 48
    INT_WIDTH = 20

# Write a number in the form of the Prometheus API and return the end of it.
cdef char *write_double(double value, char *out) noexcept nogil
cdef char *write_int(int64_t value, char *out) noexcept nogil

# Write milliseconds as seconds with three decimals, or none where they are zero.
cdef char *write_seconds(int64_t time_ms, char *out) noexcept nogil

# Read the number at ``at`` and return the end of it; NULL where there is none, or where it is
# too large for a double.
cdef const char *read_double(const char *at, const char *end, double *value) noexcept nogil
