"""
The compiled twin of ``series_pure.py``, which says what each method means.

Symbols lie one after the other in one buffer and are found by an open-addressed table of their
hashes; a row is a run of (name, value) symbol numbers. About 100 bytes for a series of six labels,
where a tuple of tuples of strings takes 500.
"""

from cpython.tuple cimport PyTuple_GET_ITEM
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

import numpy as np

from tapewatch.model.labels import Labels

from tapewatch.model.hashing_fast cimport xxhash64_of


cdef class SeriesTable:
    cdef char *text
    cdef uint64_t *ends
    cdef uint32_t *symbol_slots
    cdef uint64_t text_size, text_room, symbol_count, symbol_room, symbol_slot_count
    cdef uint32_t *pairs
    cdef uint64_t *pair_ends
    cdef uint64_t *row_hashes
    cdef uint32_t *row_slots
    cdef uint64_t pair_count, pair_room, row_count, row_room, row_slot_count
    cdef dict strings
    cdef bint unindexed  # rows were adopted; nobody has looked for one yet

    def __cinit__(self):
        self.text_room, self.symbol_room, self.symbol_slot_count = 1024, 64, 128
        self.pair_room, self.row_room, self.row_slot_count = 256, 64, 128
        self.text = <char *> malloc(self.text_room)
        self.ends = <uint64_t *> malloc((self.symbol_room + 1) * 8)
        self.symbol_slots = <uint32_t *> malloc(self.symbol_slot_count * 4)
        self.pairs = <uint32_t *> malloc(self.pair_room * 8)
        self.pair_ends = <uint64_t *> malloc((self.row_room + 1) * 8)
        self.row_hashes = <uint64_t *> malloc(self.row_room * 8)
        self.row_slots = <uint32_t *> malloc(self.row_slot_count * 4)
        if not (self.text and self.ends and self.symbol_slots and self.pairs
                and self.pair_ends and self.row_hashes and self.row_slots):
            raise MemoryError
        memset(self.symbol_slots, 0xFF, self.symbol_slot_count * 4)
        memset(self.row_slots, 0xFF, self.row_slot_count * 4)
        self.ends[0] = 0
        self.pair_ends[0] = 0
        self.strings = {}
        self.intern(b"", 0)

    def __dealloc__(self):
        free(self.text)
        free(self.ends)
        free(self.symbol_slots)
        free(self.pairs)
        free(self.pair_ends)
        free(self.row_hashes)
        free(self.row_slots)

    def __len__(self):
        return self.row_count

    # Symbols.

    cdef int64_t symbol_at(self, const char *text, uint64_t size, uint64_t number) noexcept:
        """Find the symbol of ``text``; -1 where there is none."""
        cdef uint64_t mask = self.symbol_slot_count - 1
        cdef uint64_t slot = number & mask
        cdef uint32_t found
        while True:
            found = self.symbol_slots[slot]
            if found == 0xFFFFFFFFU:
                return -1
            if (self.ends[found + 1] - self.ends[found] == size
                    and memcmp(self.text + self.ends[found], text, size) == 0):
                return found
            slot = (slot + 1) & mask

    cdef uint32_t intern(self, const char *text, uint64_t size) except 0xFFFFFFFFU:
        cdef uint64_t number = xxhash64_of(<const uint8_t *> text, size)
        cdef int64_t found = self.symbol_at(text, size, number)
        cdef uint64_t slot, mask
        if found >= 0:
            return <uint32_t> found
        if self.symbol_count * 2 >= self.symbol_slot_count:
            self.grow_symbol_slots()
        while self.text_size + size > self.text_room:
            self.text_room *= 2
            self.text = <char *> grown(self.text, self.text_room)
        if self.symbol_count == self.symbol_room:
            self.symbol_room *= 2
            self.ends = <uint64_t *> grown(self.ends, (self.symbol_room + 1) * 8)
        memcpy(self.text + self.text_size, text, size)
        self.text_size += size
        self.ends[self.symbol_count + 1] = self.text_size
        mask = self.symbol_slot_count - 1
        slot = number & mask
        while self.symbol_slots[slot] != 0xFFFFFFFFU:
            slot = (slot + 1) & mask
        self.symbol_slots[slot] = <uint32_t> self.symbol_count
        self.symbol_count += 1
        return <uint32_t> (self.symbol_count - 1)

    cdef int grow_symbol_slots(self) except -1:
        cdef uint64_t slot, mask, i, begin
        self.symbol_slot_count *= 2
        self.symbol_slots = <uint32_t *> grown(self.symbol_slots, self.symbol_slot_count * 4)
        memset(self.symbol_slots, 0xFF, self.symbol_slot_count * 4)
        mask = self.symbol_slot_count - 1
        for i in range(self.symbol_count):
            begin = self.ends[i]
            slot = xxhash64_of(<const uint8_t *> self.text + begin, self.ends[i + 1] - begin) & mask
            while self.symbol_slots[slot] != 0xFFFFFFFFU:
                slot = (slot + 1) & mask
            self.symbol_slots[slot] = <uint32_t> i
        return 0

    # Rows.

    cdef int64_t row_at(self, uint64_t number) noexcept:
        cdef uint64_t mask = self.row_slot_count - 1
        cdef uint64_t slot = number & mask
        cdef uint32_t found
        while True:
            found = self.row_slots[slot]
            if found == 0xFFFFFFFFU:
                return -1
            if self.row_hashes[found] == number:
                return found
            slot = (slot + 1) & mask

    cdef int grow_row_slots(self) except -1:
        self.row_slot_count *= 2
        return self.index_rows()

    cdef int index_rows(self) except -1:
        cdef uint64_t slot, mask, i
        self.unindexed = False
        self.row_slots = <uint32_t *> grown(self.row_slots, self.row_slot_count * 4)
        memset(self.row_slots, 0xFF, self.row_slot_count * 4)
        mask = self.row_slot_count - 1
        for i in range(self.row_count):
            slot = self.row_hashes[i] & mask
            while self.row_slots[slot] != 0xFFFFFFFFU:
                slot = (slot + 1) & mask
            self.row_slots[slot] = <uint32_t> i
        return 0

    cdef bint same(self, int64_t row, labels) except -1:
        """Say whether the row holds exactly these labels."""
        cdef uint64_t begin = self.pair_ends[row]
        cdef uint64_t i, count = self.pair_ends[row + 1] - begin
        cdef Py_ssize_t size
        cdef const char *text
        cdef uint32_t symbol
        cdef int side
        if count != <uint64_t> len(labels):
            return False
        for i in range(count):
            for side in range(2):
                text = PyUnicode_AsUTF8AndSize(pair_of(labels, i)[side], &size)
                symbol = self.pairs[2 * (begin + i) + side]
                if (self.ends[symbol + 1] - self.ends[symbol] != <uint64_t> size
                        or memcmp(self.text + self.ends[symbol], text, size) != 0):
                    return False
        return True

    def add(self, labels):
        cdef uint64_t number = hash_of(labels)
        cdef int64_t found
        if self.unindexed:
            self.index_rows()
        found = self.row_at(number)
        if found >= 0:
            return found if self.same(found, labels) else -1
        return self.append_row(labels, number)

    cdef int64_t append_row(self, labels, uint64_t number) except -2:
        cdef Py_ssize_t size, i
        cdef const char *text
        cdef int side
        cdef uint64_t slot, mask
        if self.row_count * 2 >= self.row_slot_count:
            self.grow_row_slots()
        if self.row_count == self.row_room:
            self.row_room *= 2
            self.pair_ends = <uint64_t *> grown(self.pair_ends, (self.row_room + 1) * 8)
            self.row_hashes = <uint64_t *> grown(self.row_hashes, self.row_room * 8)
        while self.pair_count + <uint64_t> len(labels) > self.pair_room:
            self.pair_room *= 2
            self.pairs = <uint32_t *> grown(self.pairs, self.pair_room * 8)
        for i in range(len(labels)):
            for side in range(2):
                text = PyUnicode_AsUTF8AndSize(pair_of(labels, i)[side], &size)
                self.pairs[2 * (self.pair_count + i) + side] = self.intern(text, size)
        self.pair_count += len(labels)
        self.row_hashes[self.row_count] = number
        mask = self.row_slot_count - 1
        slot = number & mask
        while self.row_slots[slot] != 0xFFFFFFFFU:
            slot = (slot + 1) & mask
        self.row_slots[slot] = <uint32_t> self.row_count
        self.row_count += 1
        self.pair_ends[self.row_count] = self.pair_count
        return <int64_t> self.row_count - 1

    def find(self, labels):
        cdef int64_t found
        if self.unindexed:
            self.index_rows()
        found = self.row_at(hash_of(labels))
        return found if found >= 0 and self.same(found, labels) else -1

    cdef str string(self, uint32_t symbol):
        """Return a symbol as a string; strings that were asked for are kept while they are few."""
        cdef str found = self.strings.get(symbol)
        if found is None:
            found = PyUnicode_DecodeUTF8(
                self.text + self.ends[symbol], self.ends[symbol + 1] - self.ends[symbol], NULL
            )
            if len(self.strings) > 4096:
                self.strings.clear()
            self.strings[symbol] = found
        return found

    def labels(self, int64_t row):
        cdef uint64_t i
        cdef list pairs = []
        if not 0 <= row < <int64_t> self.row_count:
            raise IndexError(row)
        for i in range(self.pair_ends[row], self.pair_ends[row + 1]):
            pairs.append((self.string(self.pairs[2 * i]), self.string(self.pairs[2 * i + 1])))
        return Labels(pairs)

    def symbol(self, uint32_t number):
        return self.string(number)

    def symbol_of(self, str text not None):
        cdef Py_ssize_t size
        cdef const char *at = PyUnicode_AsUTF8AndSize(text, &size)
        return self.symbol_at(at, size, xxhash64_of(<const uint8_t *> at, size))

    def column(self, rows, str name not None):
        cdef const int64_t[::1] wanted = np.ascontiguousarray(rows, dtype=np.int64)
        values = np.zeros(wanted.shape[0], dtype=np.uint32)
        cdef uint32_t[::1] out = values
        cdef int64_t symbol = self.symbol_of(name)
        cdef Py_ssize_t i
        cdef uint64_t at
        if symbol < 0:
            return values
        with nogil:
            for i in range(wanted.shape[0]):
                for at in range(self.pair_ends[wanted[i]], self.pair_ends[wanted[i] + 1]):
                    if self.pairs[2 * at] == <uint32_t> symbol:
                        out[i] = self.pairs[2 * at + 1]
                        break
        return values

    def hashes(self):
        values = np.empty(self.row_count, dtype=np.uint64)
        cdef uint64_t[::1] out = values
        if self.row_count:
            memcpy(&out[0], self.row_hashes, self.row_count * 8)
        return values

    def label_names(self, rows):
        cdef const int64_t[::1] wanted = np.ascontiguousarray(rows, dtype=np.int64)
        seen = np.zeros(self.symbol_count, dtype=np.uint8)
        cdef uint8_t[::1] mark = seen
        cdef Py_ssize_t i
        cdef uint64_t at
        with nogil:
            for i in range(wanted.shape[0]):
                for at in range(self.pair_ends[wanted[i]], self.pair_ends[wanted[i] + 1]):
                    mark[self.pairs[2 * at]] = 1
        return sorted([self.string(int(number)) for number in np.flatnonzero(seen)])

    def size_bytes(self):
        return (
            self.text_room + self.symbol_room * 8 + self.symbol_slot_count * 4
            + self.pair_room * 8 + self.row_room * 16 + self.row_slot_count * 4
        )

    def to_arrays(self):
        return {
            "symbol_text": copied(self.text, self.text_size, np.uint8),
            "symbol_ends": copied(self.ends, (self.symbol_count + 1) * 8, np.uint64),
            "pairs": copied(self.pairs, self.pair_count * 8, np.uint32),
            "pair_ends": copied(self.pair_ends, (self.row_count + 1) * 8, np.uint64),
            "hashes": copied(self.row_hashes, self.row_count * 8, np.uint64),
        }

    @staticmethod
    def from_arrays(arrays):
        cdef SeriesTable table = SeriesTable()
        table.adopt_symbols(
            np.ascontiguousarray(arrays["symbol_text"], dtype=np.uint8),
            np.ascontiguousarray(arrays["symbol_ends"], dtype=np.uint64),
        )
        table.adopt_rows(
            np.ascontiguousarray(arrays["pairs"], dtype=np.uint32),
            np.ascontiguousarray(arrays["pair_ends"], dtype=np.uint64),
            np.ascontiguousarray(arrays["hashes"], dtype=np.uint64),
        )
        return table

    def adopt_symbols(self, const uint8_t[::1] text, const uint64_t[::1] ends):
        self.symbol_count = ends.shape[0] - 1
        self.text_size = text.shape[0]
        self.text_room = max(self.text_size, 1024)
        self.symbol_room = max(self.symbol_count, 64)
        self.text = <char *> grown(self.text, self.text_room)
        self.ends = <uint64_t *> grown(self.ends, (self.symbol_room + 1) * 8)
        if self.text_size:
            memcpy(self.text, &text[0], self.text_size)
        memcpy(self.ends, &ends[0], (self.symbol_count + 1) * 8)
        while self.symbol_slot_count < self.symbol_count * 2:
            self.symbol_slot_count *= 2
        self.symbol_slot_count //= 2
        self.grow_symbol_slots()

    def adopt_rows(
        self, const uint32_t[::1] pairs, const uint64_t[::1] ends, const uint64_t[::1] hashes
    ):
        self.row_count = hashes.shape[0]
        self.pair_count = pairs.shape[0] // 2
        self.row_room = max(self.row_count, 64)
        self.pair_room = max(self.pair_count, 256)
        self.pairs = <uint32_t *> grown(self.pairs, self.pair_room * 8)
        self.pair_ends = <uint64_t *> grown(self.pair_ends, (self.row_room + 1) * 8)
        self.row_hashes = <uint64_t *> grown(self.row_hashes, self.row_room * 8)
        if self.pair_count:
            memcpy(self.pairs, &pairs[0], self.pair_count * 8)
        memcpy(self.pair_ends, &ends[0], (self.row_count + 1) * 8)
        if self.row_count:
            memcpy(self.row_hashes, &hashes[0], self.row_count * 8)
        while self.row_slot_count < self.row_count * 2:
            self.row_slot_count *= 2
        # The table of a block is only searched by columns: its slots are made when first needed.
        self.unindexed = True


cdef inline tuple pair_of(labels, Py_ssize_t i):
    # Labels is a tuple of tuples by construction, so the casts need no checks.
    return <tuple> (<object> PyTuple_GET_ITEM(labels, i))


cdef void *grown(void *old, uint64_t size) except NULL:
    cdef void *new = realloc(old, size)
    if new == NULL:
        raise MemoryError
    return new


cdef copied(const void *data, uint64_t size, kind):
    raw = np.empty(size, dtype=np.uint8)
    cdef uint8_t[::1] out = raw
    if size:
        memcpy(&out[0], data, size)
    return raw.view(kind)


cdef uint64_t hash_of(labels) except? 0:
    """Hash labels as ``Labels.stable_hash`` does: every text followed by a byte that ends it."""
    cdef char small[1024]
    cdef char *buffer = small
    cdef Py_ssize_t size, total = 0, i
    cdef const char *text
    cdef int side
    cdef char *at
    cdef uint64_t number
    for i in range(len(labels)):
        for side in range(2):
            PyUnicode_AsUTF8AndSize(pair_of(labels, i)[side], &size)
            total += size + 1
    if total > 1024:
        buffer = <char *> malloc(total)
        if buffer == NULL:
            raise MemoryError
    at = buffer
    for i in range(len(labels)):
        for side in range(2):
            text = PyUnicode_AsUTF8AndSize(pair_of(labels, i)[side], &size)
            memcpy(at, text, size)
            at += size
            at[0] = <char> 0xFF
            at += 1
    number = xxhash64_of(<const uint8_t *> buffer, total)
    if buffer != small:
        free(buffer)
    return number
