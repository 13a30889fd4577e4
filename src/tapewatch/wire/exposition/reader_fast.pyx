"""The compiled twin of ``reader_pure.py``, which says what each method means."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport INT64_MIN, UINT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memset

import numpy as np

from tapewatch.model.digits_fast cimport read_double
from tapewatch.wire.errors import ExpositionFault
from tapewatch.wire.exposition.grammar import TEXT, Misread
from tapewatch.wire.exposition.scrape import Repeat, Scrape
from tapewatch.wire.exposition.series import SeriesBook, fits

cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    #if defined(__SIZEOF_INT128__)
    static inline uint64_t tw_fold(uint64_t a, uint64_t b) {
        __extension__ unsigned __int128 wide = (unsigned __int128) a * b;
        return (uint64_t) wide ^ (uint64_t) (wide >> 64);
    }
    #else
    static inline uint64_t tw_fold(uint64_t a, uint64_t b) {
        a = (a ^ (b << 32 | b >> 32)) * 0x9E3779B97F4A7C15u;
        b = (b ^ a >> 29) * 0xD6E8FEB86659FD93u;
        return a ^ b ^ b >> 32;
    }
    #endif

    static inline uint64_t tw_word(const char *at) {
        uint64_t word;
        memcpy(&word, at, 8);
        return word;
    }

    static inline uint64_t tw_mark(const char *at, size_t size) {
        uint64_t a = size * 0x9E3779B97F4A7C15u, b = 0xC2B2AE3D27D4EB4Fu;
        char last[16] = {0};
        size_t left = size;
        for (; left >= 32; at += 32, left -= 32) {
            a = tw_fold(tw_word(at) ^ 0x6A09E667F3BCC909u, tw_word(at + 8) ^ a);
            b = tw_fold(tw_word(at + 16) ^ 0xBB67AE8584CAA73Bu, tw_word(at + 24) ^ b);
        }
        if (left > 16) {
            a = tw_fold(tw_word(at) ^ 0x6A09E667F3BCC909u, tw_word(at + 8) ^ a);
            at += 16; left -= 16;
        }
        if (size >= 16)  /* The end once more, some of it a second time. */
            memcpy(last, at + left - 16, 16);
        else
            memcpy(last, at, left);
        b = tw_fold(tw_word(last) ^ 0x3C6EF372FE94F82Bu, tw_word(last + 8) ^ b);
        return tw_fold(a ^ 0xA54FF53A5F1D36F1u, b ^ 0x510E527FADE682D1u);
    }
    """
    uint64_t tw_mark(const char *at, size_t size) noexcept nogil

cdef enum:
    COMMENT = -1
    RETIRED = -2
    COMMENT_BYTES_MAX = 4096


cdef struct Line:
    # A prefix, or whole lines of comments with their ends. Its mark stands for its text: the body
    # need not be kept, and 64 bits tell texts apart as surely as the indexes of the book do.
    uint64_t mark
    uint32_t size
    int32_t index


cdef class Plan:
    """The lines of one body in order, and where in the body the last of them ends."""

    cdef Line *lines
    cdef Py_ssize_t end
    cdef Py_ssize_t count
    cdef Py_ssize_t room

    def __dealloc__(self):
        PyMem_Free(self.lines)

    cdef int append(self, Py_ssize_t start, Line line) except -1:
        if self.count == self.room:
            self.make_room(max(2 * self.room, 64))
        self.lines[self.count] = line
        self.count += 1
        self.end = start + line.size
        return 0

    cdef int append_comment(self, const char *body, Py_ssize_t start, Py_ssize_t size) except -1:
        # Neighbours are compared at one go, up to a size that bounds the work of marking them.
        cdef Line *last = &self.lines[self.count - 1] if self.count else NULL
        if size > UINT32_MAX:
            return 0
        if (last != NULL and last.index == COMMENT and self.end == start
                and last.size + size <= COMMENT_BYTES_MAX):
            last.size += <uint32_t> size
            self.end += size
            last.mark = tw_mark(body + self.end - last.size, last.size)
            return 0
        return self.append(start, Line(tw_mark(body + start, size), <uint32_t> size, COMMENT))

    cdef void retire_all(self) noexcept:
        cdef Py_ssize_t i
        for i in range(self.count):
            self.lines[i].index = RETIRED

    cdef int make_room(self, Py_ssize_t room) except -1:
        cdef Line *grown = <Line *> PyMem_Realloc(self.lines, room * sizeof(Line))
        if grown == NULL:
            raise MemoryError
        self.lines = grown
        self.room = room
        return 0


cdef class Row:
    """The values of one scrape, while they come in."""

    cdef object values_array, present_array, times_array
    cdef double[::1] values
    cdef uint8_t[::1] present
    cdef int64_t[::1] times
    cdef Py_ssize_t room
    cdef Py_ssize_t sample_count
    cdef bint timed
    cdef list repeats
    cdef list exemplars

    def __cinit__(self, Py_ssize_t room):
        self.values_array = np.full(room, np.nan)
        self.present_array = np.zeros(room, np.uint8)
        self.values, self.present = self.values_array, self.present_array
        self.room = room
        self.repeats, self.exemplars = [], []

    cdef int make_room(self, Py_ssize_t room) except -1:
        old = self.room
        self.values_array = np.resize(self.values_array, room)
        self.present_array = np.resize(self.present_array, room)
        self.values_array[old:] = np.nan
        self.present_array[old:] = 0
        self.values, self.present = self.values_array, self.present_array
        if self.timed:
            self.times_array = np.resize(self.times_array, room)
            self.times_array[old:] = INT64_MIN
            self.times = self.times_array
        self.room = room
        return 0

    cdef inline int put(self, Py_ssize_t index, double value, int64_t time_ms) except -1:
        if index >= self.room:
            self.make_room(max(2 * self.room, index + 1))
        self.sample_count += 1
        if self.present[index]:
            return self.put_again(index, value, time_ms)
        self.values[index] = value
        self.present[index] = 1
        if time_ms != INT64_MIN:
            return self.put_time(index, time_ms)
        return 0

    cdef int put_again(self, Py_ssize_t index, double value, int64_t time_ms) except -1:
        self.repeats.append(Repeat(index, value, None if time_ms == INT64_MIN else time_ms))
        return 0

    cdef int put_time(self, Py_ssize_t index, int64_t time_ms) except -1:
        if not self.timed:
            self.timed = True
            self.times_array = np.full(self.room, INT64_MIN, np.int64)
            self.times = self.times_array
        self.times[index] = time_ms
        return 0

    cdef object scrape(self, Py_ssize_t size, tuple fresh, dict told):
        if size > self.room:
            self.make_room(size)
        times = self.times_array[:size] if self.timed else None
        present = self.present_array[:size].view(np.bool_)
        repeats, exemplars = tuple(self.repeats), tuple(self.exemplars)
        count = self.sample_count
        return Scrape(
            self.values_array[:size], present, times, count, fresh, repeats, exemplars, told
        )


cdef class ScrapeReader:
    cdef object _book
    cdef object _grammar
    cdef object _by_prefix
    cdef bint _strict
    cdef Plan _plan       # of the last good scrape
    cdef Plan _next       # of this scrape, once it has left the plan
    cdef int32_t *_places  # series -> its line in the plan; made when first needed
    cdef Py_ssize_t _place_count

    def __init__(self, grammar=TEXT, *, lasting=True):
        self._book = SeriesBook(grammar, lasting=lasting)
        self._grammar = grammar
        self._by_prefix = self._book.by_prefix
        self._strict = grammar.strict
        self._plan = Plan()

    def __dealloc__(self):
        PyMem_Free(self._places)

    @property
    def book(self):
        return self._book

    def retire(self, list indexes not None):
        cdef Py_ssize_t i
        gone = set(indexes)
        self._book.retire(indexes)
        for i in range(self._plan.count):
            if self._plan.lines[i].index in gone:
                self._plan.lines[i].index = RETIRED

    def read(self, bytes body not None):
        cdef Row row = Row(len(self._book.labels))
        self._next = None
        self._place_count = 0
        try:
            self._read(body, row)
        except ExpositionFault:
            self._book.roll_back()
            self._plan = Plan()
            raise
        if self._next is not None:
            self._plan, self._next = self._next, None
        fresh, told = self._book.commit()
        return row.scrape(len(self._book.labels), fresh, told)

    cdef int _read(self, bytes body, Row row) except -1:
        cdef const char *start = PyBytes_AS_STRING(body)
        cdef const char *at = start
        cdef const char *end = self._end(body)
        cdef const char *stop
        cdef Py_ssize_t place = 0
        cdef int64_t time_ms = INT64_MIN
        cdef double value = 0.0
        cdef Line *line
        while at < end:
            line = self._planned(place, at, end)
            if line != NULL and line.index == COMMENT:
                stop = at + line.size
            elif line != NULL:
                stop = simple_tail(at + line.size, end, self._strict, &value, &time_ms)
                if stop != NULL:
                    row.put(line.index, value, time_ms)
            else:
                stop = NULL
            if stop != NULL:
                if self._next is not None:
                    self._next.append(at - start, line[0])
                place += 1
            else:
                if self._next is None:
                    self._leave_plan(body, place)
                stop = line_end(at, end)
                place = self._line(body, at - start, stop - at, place, row)
                stop += stop < end
            at = stop
        return 0

    cdef inline Line *_planned(self, Py_ssize_t place, const char *at, const char *end) noexcept:
        # The line of the plan, if the body goes on with it.
        cdef Line *line
        if place >= self._plan.count:
            return NULL
        line = &self._plan.lines[place]
        if line.size > end - at or line.index == RETIRED:
            return NULL
        return line if tw_mark(at, line.size) == line.mark else NULL

    cdef const char *_end(self, bytes body) except NULL:
        # OpenMetrics ends with "# EOF"; what stands before it are whole lines.
        cdef Py_ssize_t size = len(body)
        if not self._strict:
            return PyBytes_AS_STRING(body) + size
        size -= body.endswith(b"\n")
        if not body.endswith(b"# EOF", 0, size) or (size > 5 and body[size - 6] != 10):
            number = body.count(b"\n", 0, size) + 1
            raise ExpositionFault(number, 1, "the exposition does not end with # EOF")
        return PyBytes_AS_STRING(body) + size - 5

    cdef int _leave_plan(self, bytes body, Py_ssize_t count) except -1:
        # The plan's first lines hold for this body too, only their places in it differ.
        cdef const char *start = PyBytes_AS_STRING(body)
        cdef const char *end = start + len(body)
        cdef const char *at = start
        cdef Line line
        cdef Py_ssize_t i
        self._next = Plan()
        self._next.make_room(self._plan.count + 64)
        for i in range(count):
            line = self._plan.lines[i]
            self._next.append(at - start, line)
            at += line.size
            if line.index != COMMENT:
                at = line_end(at, end) + 1
        return 0

    cdef Py_ssize_t _line(
        self, bytes body, Py_ssize_t start, Py_ssize_t size, Py_ssize_t place, Row row
    ) except -1:
        # Reads one line outside of the plan; returns where the plan may go on.
        cdef const char *at = PyBytes_AS_STRING(body) + start
        cdef char first = first_letter(at, size)
        try:
            if first == 35 or first == 10:
                return self._comment(body, start, size, place)
            return self._sample(body, start, size, place, row)
        except Misread as fault:
            number = body.count(b"\n", 0, start) + 1
            raise ExpositionFault(number, fault.column + 1, fault.reason) from None

    cdef Py_ssize_t _comment(
        self, bytes body, Py_ssize_t start, Py_ssize_t size, Py_ssize_t place
    ) except -1:
        line = body[start : start + size]
        if self._strict and not line:
            raise Misread(0, "an empty line")
        if self._book.tell(line):
            # Lines read before this one may have to be read otherwise the next time.
            self._book.forget_prefixes()
            self._plan = Plan()
            self._next.retire_all()
            place = 0
        # A last comment without its line end could be the beginning of a longer one.
        if start + size < len(body):
            self._next.append_comment(PyBytes_AS_STRING(body), start, size + 1)
        return place

    cdef Py_ssize_t _sample(
        self, bytes body, Py_ssize_t start, Py_ssize_t size, Py_ssize_t place, Row row
    ) except -1:
        cdef const char *at = PyBytes_AS_STRING(body) + start
        cdef const char *end = at + size
        cdef Py_ssize_t width = prefix_end(at, end) - at
        cdef double value = 0.0
        cdef int64_t time_ms = INT64_MIN
        cdef Py_ssize_t index
        exemplar = None
        if simple_tail(at + width, end, self._strict, &value, &time_ms) != end:
            value, time, exemplar = self._grammar.read_tail(body[start : start + size], width)
            time_ms = INT64_MIN if time is None else time
        index = self._index(body, start, size, width)
        row.put(index, value, time_ms)
        if exemplar is not None and fits(exemplar):
            row.exemplars.append((index, exemplar))
        if width <= UINT32_MAX:
            self._next.append(start, Line(tw_mark(at, width), <uint32_t> width, <int32_t> index))
        return self._place_after(index, place)

    cdef Py_ssize_t _index(
        self, bytes body, Py_ssize_t start, Py_ssize_t size, Py_ssize_t width
    ) except -1:
        prefix = PyBytes_FromStringAndSize(PyBytes_AS_STRING(body) + start, width)
        cdef Py_ssize_t found = self._by_prefix.get(prefix)
        if found >= 0:
            return found
        return self._book.learn(body[start : start + size], width)

    cdef Py_ssize_t _place_after(self, Py_ssize_t index, Py_ssize_t place) except -1:
        if not self._place_count:
            self._find_places()
        if index < self._place_count and self._places[index] >= 0:
            return self._places[index] + 1
        return place

    cdef int _find_places(self) except -1:
        cdef Py_ssize_t count = len(self._book.labels)
        cdef Py_ssize_t i, index
        cdef int32_t *places = <int32_t *> PyMem_Realloc(self._places, count * sizeof(int32_t))
        if places == NULL:
            raise MemoryError
        self._places, self._place_count = places, count
        memset(places, 0xFF, count * sizeof(int32_t))
        for i in range(self._plan.count):
            index = self._plan.lines[i].index
            if index >= 0:
                places[index] = i
        return 0


cdef inline const char *line_end(const char *at, const char *end) noexcept nogil:
    cdef const char *found = <const char *> memchr(at, 10, end - at)
    return found if found != NULL else end


cdef inline const char *gap(const char *at, const char *end) noexcept nogil:
    while at < end and (at[0] == 32 or at[0] == 9):
        at += 1
    return at


cdef inline char first_letter(const char *at, Py_ssize_t size) noexcept nogil:
    # The first byte that is not a gap; a line end on an empty line.
    cdef const char *end = at + size
    at = gap(at, end)
    return at[0] if at < end else 10


cdef inline const char *simple_tail(
    const char *at, const char *end, bint strict, double *value, int64_t *time_ms
) noexcept nogil:
    # Reads a number and perhaps a time; returns the end of the line, or NULL where there is more.
    at = read_double(at, end, value)
    time_ms[0] = INT64_MIN
    if at == NULL or at == end:
        return at
    if at[0] == 10:
        return at + 1
    if strict or at[0] != 32:
        return NULL
    return whole_time(at + 1, end, time_ms)


cdef const char *whole_time(const char *at, const char *end, int64_t *time_ms) noexcept nogil:
    cdef bint negative = at < end and at[0] == 45
    cdef const char *first = at + negative
    cdef int64_t total = 0
    at = first
    while at < end and <uint8_t> (at[0] - 48) < 10 and at - first < 18:
        total = 10 * total + (at[0] - 48)
        at += 1
    if at == first or (at < end and at[0] != 10):
        return NULL
    time_ms[0] = -total if negative else total
    return at if at == end else at + 1


cdef const char *prefix_end(const char *at, const char *end) noexcept nogil:
    # The same as the pattern of a prefix: name, braces, and the gaps around them.
    cdef const char *braces
    at = gap(at, end)
    if at < end and not 48 <= at[0] <= 57:
        while at < end and name_letter(at[0]):
            at += 1
    at = gap(at, end)
    if at < end and at[0] == 123:
        braces = braces_end(at, end)
        if braces != NULL:
            at = gap(braces, end)
    return at


cdef inline bint name_letter(char letter) noexcept nogil:
    cdef uint8_t lower = letter | 32
    return 97 <= lower <= 122 or 48 <= letter <= 58 or letter == 95


cdef const char *braces_end(const char *at, const char *end) noexcept nogil:
    # Where the braces close, not counting what stands between quotes; NULL where they do not.
    cdef bint quoted = False
    at += 1
    while at < end:
        if quoted:
            if at[0] == 92:
                at += 1
            elif at[0] == 34:
                quoted = False
        elif at[0] == 34:
            quoted = True
        elif at[0] == 125:
            return at + 1
        at += 1
    return NULL
