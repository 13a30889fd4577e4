"""The compiled twin of ``hashing_pure.py``, which says what each function means."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef extern from *:
    """
    #include <stdint.h>
    #include <stddef.h>
    #include <string.h>

    static uint32_t tw_crc_table[8][256];

    static void tw_crc_prepare(void) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t r = i;
            for (int k = 0; k < 8; k++) r = (r >> 1) ^ ((r & 1) ? 0x82F63B78u : 0);
            tw_crc_table[0][i] = r;
        }
        for (uint32_t i = 0; i < 256; i++)
            for (int t = 1; t < 8; t++) {
                uint32_t r = tw_crc_table[t - 1][i];
                tw_crc_table[t][i] = tw_crc_table[0][r & 0xFF] ^ (r >> 8);
            }
    }

    static uint32_t tw_crc_tables(uint32_t r, const uint8_t *p, size_t n) {
        while (n >= 8) {
            uint64_t w;
            memcpy(&w, p, 8);
            w ^= r;
            r = tw_crc_table[7][w & 0xFF] ^ tw_crc_table[6][(w >> 8) & 0xFF]
              ^ tw_crc_table[5][(w >> 16) & 0xFF] ^ tw_crc_table[4][(w >> 24) & 0xFF]
              ^ tw_crc_table[3][(w >> 32) & 0xFF] ^ tw_crc_table[2][(w >> 40) & 0xFF]
              ^ tw_crc_table[1][(w >> 48) & 0xFF] ^ tw_crc_table[0][w >> 56];
            p += 8; n -= 8;
        }
        while (n--) r = tw_crc_table[0][(r ^ *p++) & 0xFF] ^ (r >> 8);
        return r;
    }

    #if defined(__x86_64__) && defined(__GNUC__)
    __attribute__((target("sse4.2")))
    static uint32_t tw_crc_sse(uint32_t r, const uint8_t *p, size_t n) {
        uint64_t wide = r;
        while (n >= 8) {
            uint64_t w;
            memcpy(&w, p, 8);
            wide = __builtin_ia32_crc32di(wide, w);
            p += 8; n -= 8;
        }
        r = (uint32_t)wide;
        while (n--) r = __builtin_ia32_crc32qi(r, *p++);
        return r;
    }
    static uint32_t tw_crc(uint32_t r, const uint8_t *p, size_t n) {
        return __builtin_cpu_supports("sse4.2") ? tw_crc_sse(r, p, n) : tw_crc_tables(r, p, n);
    }
    #else
    static uint32_t tw_crc(uint32_t r, const uint8_t *p, size_t n) {
        return tw_crc_tables(r, p, n);
    }
    #endif
    """
    void tw_crc_prepare() nogil
    uint32_t tw_crc(uint32_t register_, const uint8_t *data, size_t size) nogil

tw_crc_prepare()

cdef uint64_t PRIME_1 = 0x9E3779B185EBCA87ULL
cdef uint64_t PRIME_2 = 0xC2B2AE3D27D4EB4FULL
cdef uint64_t PRIME_3 = 0x165667B19E3779F9ULL
cdef uint64_t PRIME_4 = 0x85EBCA77C2B2AE63ULL
cdef uint64_t PRIME_5 = 0x27D4EB2F165667C5ULL


cdef inline uint64_t rotate(uint64_t value, int by) noexcept nogil:
    return (value << by) | (value >> (64 - by))


cdef inline uint64_t mix(uint64_t lane, uint64_t word) noexcept nogil:
    return rotate(lane + word * PRIME_2, 31) * PRIME_1


cdef inline uint64_t word64(const uint8_t *at) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return word


cdef uint64_t xxhash64_of(const uint8_t *at, size_t size) noexcept nogil:
    cdef const uint8_t *end = at + size
    cdef uint64_t total, a, b, c, d
    cdef uint32_t half
    if size >= 32:
        a, b, c, d = PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1
        while at + 32 <= end:
            a = mix(a, word64(at))
            b = mix(b, word64(at + 8))
            c = mix(c, word64(at + 16))
            d = mix(d, word64(at + 24))
            at += 32
        total = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
        total = (total ^ mix(0, a)) * PRIME_1 + PRIME_4
        total = (total ^ mix(0, b)) * PRIME_1 + PRIME_4
        total = (total ^ mix(0, c)) * PRIME_1 + PRIME_4
        total = (total ^ mix(0, d)) * PRIME_1 + PRIME_4
    else:
        total = PRIME_5
    total += size
    while at + 8 <= end:
        total = rotate(total ^ mix(0, word64(at)), 27) * PRIME_1 + PRIME_4
        at += 8
    if at + 4 <= end:
        memcpy(&half, at, 4)
        total = rotate(total ^ (half * PRIME_1), 23) * PRIME_2 + PRIME_3
        at += 4
    while at < end:
        total = rotate(total ^ (at[0] * PRIME_5), 11) * PRIME_1
        at += 1
    total = (total ^ (total >> 33)) * PRIME_2
    total = (total ^ (total >> 29)) * PRIME_3
    return total ^ (total >> 32)


def xxhash64(bytes data not None):
    return xxhash64_of(<const uint8_t *> <const char *> data, len(data))


def fnv1a64(bytes data not None):
    cdef const uint8_t *at = <const uint8_t *> <const char *> data
    cdef size_t size = len(data)
    cdef size_t i
    cdef uint64_t total = 0xCBF29CE484222325ULL
    for i in range(size):
        total = (total ^ at[i]) * 0x100000001B3ULL
    return total


def fingerprint(pairs):
    cdef uint64_t total = 0xCBF29CE484222325ULL
    cdef const char *text
    cdef Py_ssize_t size, i
    cdef char digits[17]
    for pair in pairs:
        for part in pair:
            text = PyUnicode_AsUTF8AndSize(part, &size)
            for i in range(size):
                total = (total ^ <uint8_t> text[i]) * 0x100000001B3ULL
            total = (total ^ 0xFF) * 0x100000001B3ULL
    for i in range(16):
        digits[i] = "0123456789abcdef"[(total >> (60 - 4 * i)) & 15]
    return digits[:16].decode("ascii")


def crc32c(const uint8_t[::1] data, uint32_t seed=0):
    cdef size_t size = data.shape[0]
    cdef uint32_t register_ = seed ^ 0xFFFFFFFFU
    if size:
        with nogil:
            register_ = tw_crc(register_, &data[0], size)
    return register_ ^ 0xFFFFFFFFU
