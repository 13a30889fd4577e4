"""The compiled twin of ``xor_pure.py``, which says what each function means."""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

import numpy as np

cdef int* CHANGE_BITS = [0, 14, 17, 20, 64]


cdef struct Bits:
    const uint8_t *data
    Py_ssize_t at  # counted in bits
    Py_ssize_t end
    bint short  # more was asked for than there is


cdef uint64_t read(Bits *bits, int count) noexcept nogil:
    cdef uint64_t number = 0
    cdef int have, take
    if bits.at + count > bits.end:
        bits.short = True
        bits.at = bits.end
        return 0
    while count > 0:
        have = 8 - <int>(bits.at & 7)
        take = have if have < count else count
        number = number << take | (
            bits.data[bits.at >> 3] >> (have - take) & ((1 << take) - 1)
        )
        bits.at += take
        count -= take
    return number


cdef uint64_t read_bytes(Bits *bits) noexcept nogil:
    cdef uint64_t number = 0, byte
    cdef int shift = 0
    while shift < 70:
        byte = read(bits, 8)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return number


cdef int64_t read_change(Bits *bits) noexcept nogil:
    cdef int ones = 0, width
    cdef uint64_t number
    while ones < 4 and read(bits, 1):
        ones += 1
    width = CHANGE_BITS[ones]
    if width == 0:
        return 0
    number = read(bits, width)
    if width < 64 and number > (<uint64_t>1) << (width - 1):
        number -= (<uint64_t>1) << width
    return <int64_t>number


def decode_xor(bytes data not None):
    cdef Bits bits = Bits(<const uint8_t *>(<const char *>data), 0, 8 * len(data), False)
    cdef Py_ssize_t count = <Py_ssize_t>read(&bits, 16)
    cdef uint64_t word, folded
    cdef int64_t time_ms, step_ms = 0
    cdef int leading = 0, trailing = 0, size
    cdef Py_ssize_t i
    times_array = np.empty(count, dtype=np.int64)
    values_array = np.empty(count, dtype=np.float64)
    cdef int64_t[::1] times = times_array
    cdef double[::1] values = values_array
    if count == 0:
        if bits.short:
            raise ValueError("it ends before its samples do")
        return times_array, values_array
    folded = read_bytes(&bits)
    time_ms = <int64_t>(folded >> 1) ^ -<int64_t>(folded & 1)
    word = read(&bits, 64)
    times[0] = time_ms
    memcpy(&values[0], &word, 8)
    for i in range(1, count):
        step_ms += <int64_t>read_bytes(&bits) if i == 1 else read_change(&bits)
        time_ms += step_ms
        if read(&bits, 1):
            if read(&bits, 1):
                leading = <int>read(&bits, 5)
                size = <int>read(&bits, 6)
                trailing = 64 - leading - (size if size else 64)
                if trailing < 0 and not bits.short:
                    raise ValueError("its bits mean no number")
            if bits.short:
                break
            word ^= read(&bits, 64 - leading - trailing) << trailing
        times[i] = time_ms
        memcpy(&values[i], &word, 8)
    if bits.short:
        raise ValueError("it ends before its samples do")
    return times_array, values_array
