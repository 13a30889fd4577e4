"""
The compiled twin of ``digits_pure.py``, which says what each function means.

Shortest digits come from Schubfach (R. Giulietti, "The Schubfach way to render doubles"), reading
follows W. Clinger's fast path and D. Lemire's "Number parsing at a gigabyte per second"; both lean
on one table of powers of ten with 128 bits each.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.math cimport INFINITY, NAN
from libc.string cimport memcpy, memset

from tapewatch.model.digits_pure import bad_number

cdef extern from *:
    """
    typedef unsigned __int128 tw_uint128;
    #define tw_leading_zeros(word) __builtin_clzll(word)
    #define tw_unlikely(condition) __builtin_expect(!!(condition), 0)
    """
    ctypedef unsigned long long uint128 "tw_uint128"
    int leading_zeros "tw_leading_zeros"(uint64_t word) nogil
    bint unlikely "tw_unlikely"(bint condition) nogil

cdef extern from "Python.h":
    double PyOS_string_to_double(const char *text, char **end, void *overflow) except? -1.0

# 10**k is about (HIGH * 2**64 + LOW) * 2**(floor(log2(10**k)) - 127), rounded down.
cdef enum:
    POWER_MIN = -348
    POWER_MAX = 347
    EXACT_POWER_MAX = 55  # 5**55 is the last power of five that fits into 128 bits

cdef uint64_t POWERS_HIGH[696]
cdef uint64_t POWERS_LOW[696]
cdef double SMALL_POWERS[23]
cdef char PAIRS[200]
cdef uint64_t WHOLE_POWERS[20]


def _fill_tables():
    for power in range(POWER_MIN, POWER_MAX + 1):
        bits = _power_of_ten(power)
        POWERS_HIGH[power - POWER_MIN] = bits >> 64
        POWERS_LOW[power - POWER_MIN] = bits & 0xFFFF_FFFF_FFFF_FFFF
    for power in range(23):
        SMALL_POWERS[power] = 10.0**power
    for pair in range(100):
        PAIRS[2 * pair] = 48 + pair // 10
        PAIRS[2 * pair + 1] = 48 + pair % 10
    for power in range(20):
        WHOLE_POWERS[power] = 10**power


def _power_of_ten(power):
    if power >= 0:
        whole = 10**power
        return whole << 128 >> whole.bit_length()
    whole = 10**-power
    return (1 << (whole.bit_length() + 127)) // whole


_fill_tables()


# --- Writing -----------------------------------------------------------------------------------

cdef struct Decimal:
    uint64_t digits
    int32_t exponent


cdef inline uint64_t high_product(uint64_t one, uint64_t other) noexcept nogil:
    return <uint64_t> ((<uint128> one * other) >> 64)


cdef inline uint64_t rounded_to_odd(uint64_t high, uint64_t low, uint64_t factor) noexcept nogil:
    cdef uint128 upper = <uint128> high * factor + high_product(low, factor)
    return <uint64_t> (upper >> 64) | (<uint64_t> upper > 1)


cdef inline int32_t floor_log2_of_power(int32_t power) noexcept nogil:
    return (power * 1741647) >> 19


cdef inline Decimal shortest(uint64_t fraction, int32_t biased) noexcept nogil:
    # The interval that reads back as this double is scaled by a power of ten so that its middle
    # has 17 or 18 digits; then the tens, or else the ones, inside of it decide.
    cdef uint64_t c = fraction | (<uint64_t> 1 << 52) if biased else fraction
    cdef int32_t q = biased - 1075 if biased else -1074
    cdef uint64_t odd = c & 1
    cdef uint64_t narrow = fraction == 0 and biased > 1
    cdef int32_t k = (q * 1262611 - (524031 if narrow else 0)) >> 22
    cdef int32_t shift = q + floor_log2_of_power(-k) + 1
    cdef uint64_t high = POWERS_HIGH[-k - POWER_MIN]
    cdef uint64_t low = POWERS_LOW[-k - POWER_MIN]
    cdef uint64_t lower, middle, upper, ones, tens, half
    cdef bint floor_inside, ceiling_inside
    cdef Decimal found
    low += -k < 0 or -k > EXACT_POWER_MAX
    lower = rounded_to_odd(high, low, (4 * c - 2 + narrow) << shift) + odd
    middle = rounded_to_odd(high, low, (4 * c) << shift)
    upper = rounded_to_odd(high, low, (4 * c + 2) << shift) - odd
    ones = middle >> 2
    if ones >= 10:
        tens = ones // 10
        floor_inside = lower <= 40 * tens
        ceiling_inside = 40 * tens + 40 <= upper
        if floor_inside != ceiling_inside:
            found.digits = tens + ceiling_inside
            found.exponent = k + 1
            return found
    floor_inside = lower <= 4 * ones
    ceiling_inside = 4 * ones + 4 <= upper
    half = 4 * ones + 2
    found.exponent = k
    if floor_inside != ceiling_inside:
        found.digits = ones + ceiling_inside
    else:
        found.digits = ones + (middle + (ones & 1) > half)  # a tie goes to the even digit
    return found


cdef inline void write_pair(uint32_t value, char *out) noexcept nogil:
    memcpy(out, &PAIRS[2 * value], 2)


cdef inline void write_eight(uint32_t value, char *out) noexcept nogil:
    cdef uint32_t upper = value // 10000
    cdef uint32_t lower = value - 10000 * upper
    write_pair(upper // 100, out)
    write_pair(upper % 100, out + 2)
    write_pair(lower // 100, out + 4)
    write_pair(lower % 100, out + 6)


cdef inline int digit_count(uint64_t value) noexcept nogil:
    # 1233 / 4096 is log10(2), a hair too small for the largest; the table settles the rest.
    cdef int guess = ((64 - leading_zeros(value | 1)) * 1233) >> 12
    return guess + (value >= WHOLE_POWERS[guess])


cdef inline int write_digits(uint64_t value, char *out) noexcept nogil:
    # Writes from the right, without leading zeros; returns how many digits there are.
    cdef int count = digit_count(value | 1)
    cdef char *at = out + count
    cdef uint64_t rest
    while value >= 100000000:
        rest = value // 100000000
        at -= 8
        write_eight(<uint32_t> (value - 100000000 * rest), at)
        value = rest
    return write_small_digits(<uint32_t> value, at, count)


cdef inline int write_small_digits(uint32_t value, char *at, int count) noexcept nogil:
    cdef uint32_t rest
    while value >= 100:
        rest = value // 100
        at -= 2
        write_pair(value - 100 * rest, at)
        value = rest
    if value >= 10:
        write_pair(value, at - 2)
    else:
        (at - 1)[0] = <char> (48 + value)
    return count


cdef inline int without_trailing_zeros(const char *digits, int count) noexcept nogil:
    cdef uint64_t word
    while count >= 8:
        memcpy(&word, digits + count - 8, 8)
        word ^= 0x3030303030303030ULL
        if word:
            return count - (leading_zeros(word) >> 3)
        count -= 8
    while count > 1 and digits[count - 1] == 48:
        count -= 1
    return count


cdef inline char *write_exponent(int exponent, char *out) noexcept nogil:
    out[0] = 101  # e
    out[1] = 45 if exponent < 0 else 43
    exponent = -exponent if exponent < 0 else exponent
    out += 2
    if exponent >= 100:
        out[0] = <char> (48 + exponent // 100)
        out += 1
    write_pair(exponent % 100, out)
    return out + 2


cdef inline char *write_decimal(uint64_t value, int exponent, char *out) noexcept nogil:
    cdef char digits[48]
    cdef int count = write_digits(value, digits)
    cdef int point = count + exponent  # digits before the decimal point
    count = without_trailing_zeros(digits, count)
    if point < -5 or point > 21:
        out[0] = digits[0]
        out += 1
        if count > 1:
            out[0] = 46
            memcpy(out + 1, digits + 1, 24)
            out += count
        return write_exponent(point - 1, out)
    if point <= 0:
        out[0] = 48
        out[1] = 46
        memset(out + 2, 48, 8)
        memcpy(out + 2 - point, digits, 20)
        return out + 2 - point + count
    if point >= count:
        memset(out, 48, 24)
        memcpy(out, digits, count)
        return out + point
    memcpy(out, digits, 20)
    memcpy(out + point + 1, digits + point, 20)
    out[point] = 46
    return out + count + 1


cdef char *write_int(int64_t value, char *out) noexcept nogil:
    cdef uint64_t magnitude = <uint64_t> value
    if value < 0:
        out[0] = 45
        out += 1
        magnitude = 0 - magnitude
    return out + write_digits(magnitude, out)


cdef char *write_special(uint64_t bits, char *out) noexcept nogil:
    if bits & 0xFFFFFFFFFFFFFULL:
        memcpy(out, b"NaN", 3)
        return out + 3
    memcpy(out, b"-Inf" if bits >> 63 else b"+Inf", 4)
    return out + 4


cdef char *write_double(double value, char *out) noexcept nogil:
    cdef uint64_t bits, fraction
    cdef int biased
    cdef Decimal decimal
    memcpy(&bits, &value, 8)
    fraction = bits & 0xFFFFFFFFFFFFFULL
    biased = (bits >> 52) & 0x7FF
    if biased == 0x7FF:
        return write_special(bits, out)
    if bits >> 63:
        out[0] = 45
        out += 1
    if 1023 <= biased <= 1074 and not (fraction << (biased - 1011)):
        fraction = (fraction | (<uint64_t> 1 << 52)) >> (1075 - biased)
        return out + write_digits(fraction, out)
    if not bits << 1:
        out[0] = 48
        return out + 1
    decimal = shortest(fraction, biased)
    return write_decimal(decimal.digits, decimal.exponent, out)


cdef char *write_seconds(int64_t time_ms, char *out) noexcept nogil:
    cdef uint64_t magnitude = <uint64_t> time_ms
    cdef uint32_t rest
    if time_ms < 0:
        out[0] = 45
        out += 1
        magnitude = 0 - magnitude
    rest = <uint32_t> (magnitude % 1000)
    out += write_digits(magnitude // 1000, out)
    if not rest:
        return out
    out[0] = 46
    out[1] = <char> (48 + rest // 100)
    write_pair(rest % 100, out + 2)
    return out + 4


# --- Reading -----------------------------------------------------------------------------------

cdef inline bint eight_digits(uint64_t word) noexcept nogil:
    # Every byte is 0x30 to 0x39: neither it nor it plus six leaves the row 0x30.
    return ((word & 0xF0F0F0F0F0F0F0F0ULL) | (
        ((word + 0x0606060606060606ULL) & 0xF0F0F0F0F0F0F0F0ULL) >> 4
    )) == 0x3333333333333333ULL


cdef inline uint64_t eight_digits_value(uint64_t word) noexcept nogil:
    # Neighbours are joined three times: to pairs, to fours, to eight.
    word -= 0x3030303030303030ULL
    word = word * 10 + (word >> 8)
    return (
        ((word & 0x000000FF000000FFULL) * 0x000F424000000064ULL)
        + (((word >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)
    ) >> 32


cdef inline const char *read_digits(
    const char *at, const char *end, uint64_t *value
) noexcept nogil:
    cdef uint64_t total = value[0]
    cdef uint64_t word
    while end - at >= 8:
        memcpy(&word, at, 8)
        if not eight_digits(word):
            break
        total = 100000000 * total + eight_digits_value(word)
        at += 8
    while at < end and <uint8_t> (at[0] - 48) < 10:
        total = 10 * total + <uint8_t> (at[0] - 48)
        at += 1
    value[0] = total
    return at


cdef inline const char *read_exponent(
    const char *at, const char *end, int32_t *exponent
) noexcept nogil:
    cdef bint negative = False
    cdef int32_t found = 0
    cdef const char *first
    if at < end and (at[0] == 43 or at[0] == 45):
        negative = at[0] == 45
        at += 1
    first = at
    while at < end and <uint8_t> (at[0] - 48) < 10:
        if found < 100000:
            found = 10 * found + (at[0] - 48)
        at += 1
    exponent[0] += -found if negative else found
    if at == first:
        return NULL
    return at


cdef const char *read_double(const char *at, const char *end, double *value) noexcept nogil:
    cdef const char *start = at
    cdef const char *first
    cdef const char *point = NULL
    cdef bint negative = False
    cdef uint64_t digits = 0
    cdef int32_t exponent = 0
    cdef Py_ssize_t count
    if at < end and (at[0] == 43 or at[0] == 45):
        negative = at[0] == 45
        at += 1
    first = at
    at = read_digits(at, end, &digits)
    count = at - first
    if at < end and at[0] == 46:
        at += 1
        point = at
        at = read_digits(at, end, &digits)
        count += at - point
        exponent = <int32_t> (point - at)
    if unlikely(count == 0):
        return read_special(start, end, value)
    if at < end and (at[0] | 32) == 101:
        at = read_exponent(at + 1, end, &exponent)
        if at == NULL:
            return NULL
    if unlikely(count > 19) or unlikely(not nearest(digits, exponent, value)):
        value[0] = read_slowly(first, at)
        if value[0] - value[0] != 0:
            return NULL
    if negative:
        value[0] = -value[0]
    return at


cdef inline bint nearest(uint64_t digits, int32_t exponent, double *value) noexcept nogil:
    # Both factors are exact in a double, so one rounding is the right one.
    if digits <= <uint64_t> 1 << 53 and -22 <= exponent <= 22:
        if exponent < 0:
            value[0] = <double> <int64_t> digits / SMALL_POWERS[-exponent]
        else:
            value[0] = <double> <int64_t> digits * SMALL_POWERS[exponent]
        return True
    return nearest_by_table(digits, exponent, value)


cdef bint nearest_by_table(uint64_t digits, int32_t exponent, double *value) noexcept nogil:
    # False where 128 bits cannot say which of two doubles is nearer, and for subnormals.
    cdef int zeros
    cdef uint64_t biased, mantissa, upper, lower, merged, low, leading
    cdef uint128 product
    if digits == 0:
        value[0] = 0.0
        return True
    if not POWER_MIN <= exponent <= POWER_MAX:
        return False
    zeros = leading_zeros(digits)
    digits <<= zeros
    biased = <uint64_t> (((217706 * exponent) >> 16) + 64 + 1023) - zeros
    product = <uint128> digits * POWERS_HIGH[exponent - POWER_MIN]
    upper, lower = <uint64_t> (product >> 64), <uint64_t> product
    if (upper & 0x1FF) == 0x1FF and lower + digits < digits:
        product = <uint128> digits * POWERS_LOW[exponent - POWER_MIN]
        low = <uint64_t> product
        merged = lower + <uint64_t> (product >> 64)
        upper += merged < lower
        if (upper & 0x1FF) == 0x1FF and merged + 1 == 0 and low + digits < digits:
            return False
        lower = merged
    leading = upper >> 63
    mantissa = upper >> (leading + 9)
    biased -= 1 ^ leading
    if lower == 0 and (upper & 0x1FF) == 0 and (mantissa & 3) == 1:
        return False
    mantissa = (mantissa + (mantissa & 1)) >> 1
    if mantissa >> 53:
        mantissa >>= 1
        biased += 1
    if biased - 1 >= 0x7FE:
        return False
    mantissa = (biased << 52) | (mantissa & 0xFFFFFFFFFFFFFULL)
    memcpy(value, &mantissa, 8)
    return True


cdef const char *read_special(const char *at, const char *end, double *value) noexcept nogil:
    cdef double sign = 1.0
    cdef bint signed = at < end and (at[0] == 43 or at[0] == 45)
    if signed:
        sign = -1.0 if at[0] == 45 else 1.0
        at += 1
    if begins_with(at, end, b"infinity", 8):
        value[0] = sign * INFINITY
        return at + 8
    if begins_with(at, end, b"inf", 3):
        value[0] = sign * INFINITY
        return at + 3
    if not signed and begins_with(at, end, b"nan", 3):
        value[0] = NAN
        return at + 3
    return NULL


cdef bint begins_with(
    const char *at, const char *end, const char *word, Py_ssize_t size
) noexcept nogil:
    cdef Py_ssize_t i
    if end - at < size:
        return False
    for i in range(size):
        if (at[i] | 32) != word[i]:
            return False
    return True


cdef double read_slowly(const char *start, const char *end) noexcept with gil:
    cdef bytes text = PyBytes_FromStringAndSize(start, end - start)
    return PyOS_string_to_double(text, NULL, NULL)


# --- What Python sees --------------------------------------------------------------------------

def format_double(double value):
    cdef char text[DOUBLE_WIDTH]
    return text[: write_double(value, text) - text].decode("ascii")


def parse_double(bytes text not None):
    cdef const char *start = text
    cdef const char *end = start + len(text)
    cdef double value = 0.0
    if read_double(start, end, &value) != end or start == end:
        raise bad_number(text)
    return value


def format_doubles(const double[::1] values not None, bytes separator not None = b","):
    cdef Text text = Text()
    cdef Py_ssize_t width = len(separator)
    cdef const char *between = separator
    cdef Py_ssize_t i, size = values.shape[0]
    cdef char *at = text.reserve(size * (DOUBLE_WIDTH + width))
    for i in range(size):
        if i:
            memcpy(at, between, width)
            at += width
        at = write_double(values[i], at)
    text.at = at
    return text.take()


def encode_points(
    const int64_t[::1] timestamps_ms not None, const double[::1] values not None, present=None
):
    writer = PointsWriter(timestamps_ms)
    writer.row(values, present)
    return writer.take()


cdef class Text:
    """Bytes that grow at the end."""

    cdef char *start
    cdef char *at
    cdef Py_ssize_t room

    def __dealloc__(self):
        PyMem_Free(self.start)

    cdef char *reserve(self, Py_ssize_t size) except NULL:
        # Returns where the next ``size`` bytes may be written.
        cdef Py_ssize_t used = self.at - self.start
        cdef char *grown
        if self.start == NULL or used + size > self.room:
            self.room = max(used + size, 2 * self.room, 256)
            grown = <char *> PyMem_Realloc(self.start, self.room)
            if grown == NULL:
                raise MemoryError
            self.start, self.at = grown, grown + used
        return self.at

    cdef bytes take(self):
        taken = PyBytes_FromStringAndSize(self.start, self.at - self.start)
        self.at = self.start
        return taken


cdef struct Stamp:
    # ``[1435781430.781,"`` and how much of it counts.
    char text[31]
    uint8_t size


cdef class PointsWriter:
    cdef Text text
    cdef Stamp *stamps
    cdef Py_ssize_t count

    def __cinit__(self, const int64_t[::1] timestamps_ms not None):
        cdef Py_ssize_t i
        cdef char *at
        self.text = Text()
        self.count = timestamps_ms.shape[0]
        self.stamps = <Stamp *> PyMem_Malloc(max(self.count, 1) * sizeof(Stamp))
        if self.stamps == NULL:
            raise MemoryError
        for i in range(self.count):
            self.stamps[i].text[0] = 91
            at = write_seconds(timestamps_ms[i], self.stamps[i].text + 1)
            at[0], at[1] = 44, 34
            self.stamps[i].size = <uint8_t> (at + 2 - self.stamps[i].text)

    def __dealloc__(self):
        PyMem_Free(self.stamps)

    def raw(self, bytes text not None):
        cdef Py_ssize_t size = len(text)
        memcpy(self.text.reserve(size), <const char *> text, size)
        self.text.at += size

    def row(self, const double[::1] values not None, present=None):
        cdef const uint8_t[::1] mask = None
        cdef const uint8_t *there = NULL
        if values.shape[0] != self.count or (present is not None and len(present) != self.count):
            raise ValueError(f"a row of {values.shape[0]} values for {self.count} timestamps")
        if not self.count:
            self.raw(b"[]")
            return 0
        if present is not None:
            mask = memoryview(present).cast("B")
            there = &mask[0]
        self.text.reserve(self.count * (sizeof(Stamp) + DOUBLE_WIDTH) + 64)
        return write_points(self, &values[0], there)

    def take(self):
        return self.text.take()


cdef Py_ssize_t write_points(
    PointsWriter writer, const double *values, const uint8_t *present
) noexcept nogil:
    cdef char *at = writer.text.at
    cdef const Stamp *stamp = writer.stamps
    cdef Py_ssize_t i, written = 0
    at[0] = 91
    at += 1
    for i in range(writer.count):
        if present == NULL or present[i]:
            memcpy(at, stamp[i].text, 31)
            at = write_double(values[i], at + stamp[i].size)
            memcpy(at, b'"],', 3)
            at += 3
            written += 1
    at -= written > 0
    at[0] = 93
    writer.text.at = at + 1
    return written
