# What other compiled readers of messages may ``cimport``.

from libc.stdint cimport uint8_t, uint64_t

cdef enum WireType:
    VARINT = 0
    EIGHT_BYTES = 1
    SIZED = 2
    FOUR_BYTES = 5

# Each returns the end of what it read, and raises ``Broken`` where the bytes end before.
cdef const char *long_varint(const char *at, const char *end, uint64_t *value) except NULL
cdef const char *checked(const char *at, const char *end, uint64_t size) except NULL

# The end of a field of any kind, with its tag already read.
cdef const char *skipped(const char *at, const char *end, uint64_t tag) except NULL


cdef inline const char *varint(const char *at, const char *end, uint64_t *value) except NULL:
    if at < end and <uint8_t> at[0] < 0x80:
        value[0] = <uint8_t> at[0]
        return at + 1
    return long_varint(at, end, value)


# Returns the start of the bytes whose length stands before them.
cdef inline const char *sized(const char *at, const char *end, uint64_t *size) except NULL:
    at = varint(at, end, size)
    if size[0] > <uint64_t> (end - at):
        return checked(at, end, size[0])
    return at
