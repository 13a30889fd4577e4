from libc.stdint cimport uint8_t, uint64_t

cdef uint64_t xxhash64_of(const uint8_t *at, size_t size) noexcept nogil
