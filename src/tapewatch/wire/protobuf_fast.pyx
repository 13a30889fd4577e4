"""The compiled twin of ``protobuf_pure.py``, which says what each function means."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_Copy, PyDict_GetItem, PyDict_SetItem
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from tapewatch.wire.errors import BadMessage
from tapewatch.wire.schema import Kind

DEPTH_MAX = 64

cdef enum:
    DEPTH = 64
    # As in ``schema.Kind``.
    INT_KIND = 0
    UINT_KIND = 1
    SINT_KIND = 2
    DOUBLE_KIND = 4
    FIXED64_KIND = 5
    SFIXED64_KIND = 6
    FLOAT_KIND = 7
    FIXED32_KIND = 8
    SFIXED32_KIND = 9
    TEXT_KIND = 10
    BYTES_KIND = 11
    MESSAGE_KIND = 12


class Broken(Exception):
    """The bytes end early, or are no message."""


def decode(message, bytes data not None):
    cdef const char *start = PyBytes_AS_STRING(data)
    try:
        return decode_part(message, start, start + len(data), DEPTH)
    except Broken as fault:
        raise BadMessage(message.name, str(fault)) from None


def delimited(bytes data not None, name):
    cdef const char *at = PyBytes_AS_STRING(data)
    cdef const char *end = at + len(data)
    cdef uint64_t size
    cdef list pieces = []
    try:
        while at < end:
            at = sized(at, end, &size)
            pieces.append(PyBytes_FromStringAndSize(at, size))
            at += size
    except Broken as fault:
        raise BadMessage(name, str(fault)) from None
    return pieces


cdef dict decode_part(message, const char *at, const char *end, int depth):
    cdef dict result = PyDict_Copy(message.empty)
    cdef tuple plan = message.plan
    cdef uint64_t tag, number, size
    cdef int wire_type
    cdef object planned
    if not depth:
        raise Broken(f"messages are nested more than {DEPTH} deep")
    while at < end:
        at = varint(at, end, &tag)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise Broken("a field has the number 0")
        planned = plan[number] if number < <uint64_t> len(plan) else None
        if wire_type == VARINT:
            at = varint(at, end, &tag)
            if planned is not None and <int> (<tuple> planned)[1] < DOUBLE_KIND:
                put(result, <tuple> planned, number_of(<tuple> planned, tag))
            continue
        if wire_type == SIZED:
            at = sized(at, end, &size)
        elif wire_type == EIGHT_BYTES:
            at = checked(at, end, 8)
            size = 8
        elif wire_type == FOUR_BYTES:
            at = checked(at, end, 4)
            size = 4
        else:
            raise Broken(f"field {number} has the unknown wire type {wire_type}")
        if planned is not None:
            put_bytes(result, <tuple> planned, wire_type, at, size, depth)
        at += size
    return result


cdef int put(dict result, tuple planned, value) except -1:
    name = planned[0]
    if not planned[2]:
        PyDict_SetItem(result, name, value)
        return 0
    found = <object> PyDict_GetItem(result, name)
    if type(found) is list:
        (<list> found).append(value)
    else:
        PyDict_SetItem(result, name, [value])
    return 0


cdef int put_bytes(
    dict result, tuple planned, int wire_type, const char *at, uint64_t size, int depth
) except -1:
    cdef int kind = planned[1]
    if kind < TEXT_KIND:
        return put_packed(result, planned, wire_type, at, size)
    if wire_type != SIZED:
        return 0
    if kind == MESSAGE_KIND:
        return put(result, planned, decode_part(planned[3], at, at + size, depth - 1))
    if kind == BYTES_KIND:
        return put(result, planned, PyBytes_FromStringAndSize(at, size))
    return put(result, planned, text_of(at, size))


cdef object text_of(const char *at, uint64_t size):
    try:
        return PyUnicode_DecodeUTF8(at, size, NULL)
    except UnicodeDecodeError:
        raise Broken(f"{at[:min(<Py_ssize_t> size, 40)]!r} is not UTF-8") from None


cdef int put_packed(
    dict result, tuple planned, int wire_type, const char *at, uint64_t size
) except -1:
    cdef int kind = planned[1]
    cdef int width = width_of(kind)
    cdef const char *end = at + size
    cdef uint64_t number
    cdef bint repeated = planned[2]
    if wire_type == SIZED and not repeated:
        return 0  # only repeated numbers come packed
    if wire_type != SIZED and size != <uint64_t> width:
        return 0
    if width and size % width:
        raise Broken(f"{size} bytes are no whole number of {Kind(kind).name} values")
    if repeated and type(<object> PyDict_GetItem(result, planned[0])) is not list:
        PyDict_SetItem(result, planned[0], [])
    while at < end:
        if width:
            put(result, planned, fixed_of(kind, at))
            at += width
        else:
            at = varint(at, end, &number)
            put(result, planned, number_of(planned, number))
    return 0


cdef int width_of(int kind) noexcept:
    if kind < DOUBLE_KIND:
        return 0
    return 8 if kind < FLOAT_KIND else 4


cdef object fixed_of(int kind, const char *at):
    cdef double wide_float
    cdef float narrow_float
    cdef uint64_t wide
    cdef uint32_t narrow
    if kind == DOUBLE_KIND:
        memcpy(&wide_float, at, 8)
        return wide_float
    if kind == FLOAT_KIND:
        memcpy(&narrow_float, at, 4)
        return <double> narrow_float
    if kind < FLOAT_KIND:
        memcpy(&wide, at, 8)
        return wide if kind == FIXED64_KIND else <int64_t> wide
    memcpy(&narrow, at, 4)
    return narrow if kind == FIXED32_KIND else <int32_t> narrow


cdef object number_of(tuple planned, uint64_t raw):
    cdef int kind = planned[1]
    if kind == UINT_KIND:
        return raw
    if kind == INT_KIND:
        return <int64_t> raw
    if kind == SINT_KIND:
        return <int64_t> ((raw >> 1) ^ (0 - (raw & 1)))
    return raw != 0


cdef const char *long_varint(const char *at, const char *end, uint64_t *value) except NULL:
    cdef uint64_t found = 0
    cdef int shift = 0
    cdef unsigned char byte
    while at < end:
        byte = at[0]
        at += 1
        if shift < 64:
            found |= <uint64_t> (byte & 0x7F) << shift
        if byte < 0x80:
            value[0] = found
            return at
        shift += 7
        if shift >= 70:
            raise Broken("a number is longer than ten bytes")
    raise Broken("the bytes end inside a number")


cdef const char *checked(const char *at, const char *end, uint64_t size) except NULL:
    if size > <uint64_t> (end - at):
        raise Broken(f"the bytes end before the {size} that a length promises")
    return at


cdef const char *skipped(const char *at, const char *end, uint64_t tag) except NULL:
    cdef uint64_t size
    cdef int wire_type = tag & 7
    if tag < 8:
        raise Broken("a field has the number 0")
    if wire_type == VARINT:
        return varint(at, end, &size)
    if wire_type == SIZED:
        at = sized(at, end, &size)
        return at + size
    if wire_type == EIGHT_BYTES:
        return checked(at, end, 8) + 8
    if wire_type == FOUR_BYTES:
        return checked(at, end, 4) + 4
    raise Broken(f"field {tag >> 3} has the unknown wire type {wire_type}")
