"""The compiled twin of ``hash_index_pure.py``: one open-addressed table of hashes and numbers."""

from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

cdef enum:
    SLOTS_MIN = 64


cdef class HashIndex:
    cdef uint64_t *keys
    cdef int32_t *numbers  # -1: the slot is free
    cdef uint64_t slot_count, count

    def __cinit__(self):
        self.reserve(SLOTS_MIN)

    def __dealloc__(self):
        free(self.keys)
        free(self.numbers)

    def __len__(self):
        return self.count

    cdef int reserve(self, uint64_t slot_count) except -1:
        """Take an empty table of another size; the former one is the caller's."""
        cdef uint64_t *keys = <uint64_t *> calloc(slot_count, sizeof(uint64_t))
        cdef int32_t *numbers = <int32_t *> malloc(slot_count * sizeof(int32_t))
        if keys == NULL or numbers == NULL:
            free(keys)
            free(numbers)
            raise MemoryError
        memset(numbers, 0xFF, slot_count * sizeof(int32_t))
        self.keys, self.numbers = keys, numbers
        self.slot_count, self.count = slot_count, 0
        return 0

    cdef int rebuild(self, uint64_t slot_count, set gone) except -1:
        """Lay everything out anew but what leads to one of ``gone``."""
        cdef uint64_t *keys = self.keys
        cdef int32_t *numbers = self.numbers
        cdef uint64_t former = self.slot_count
        cdef uint64_t i
        self.reserve(slot_count)
        try:
            for i in range(former):
                if numbers[i] >= 0 and not (gone is not None and numbers[i] in gone):
                    self.place(keys[i], numbers[i])
        finally:
            free(keys)
            free(numbers)
        return 0

    cdef inline uint64_t slot_of(self, uint64_t key) noexcept:
        """Find the slot of a key, or the free one where it belongs."""
        cdef uint64_t mask = self.slot_count - 1
        # Python's hashes of small numbers are the numbers: their low bits are spread first.
        cdef uint64_t slot = ((key ^ (key >> 32)) * 0x9E3779B97F4A7C15U >> 20) & mask
        while self.numbers[slot] >= 0 and self.keys[slot] != key:
            slot = (slot + 1) & mask
        return slot

    cdef inline void place(self, uint64_t key, int32_t number) noexcept:
        cdef uint64_t slot = self.slot_of(key)
        self.count += self.numbers[slot] < 0
        self.keys[slot], self.numbers[slot] = key, number

    def get(self, key):
        return self.numbers[self.slot_of(<uint64_t> <Py_hash_t> hash(key))]

    def put(self, key, int32_t number):
        # Seven eighths full at most: searches stay short, and an entry takes 14 to 28 bytes.
        if self.count * 8 >= self.slot_count * 7:
            self.rebuild(self.slot_count * 2, None)
        self.place(<uint64_t> <Py_hash_t> hash(key), number)

    def drop(self, set numbers not None):
        self.rebuild(self.slot_count, numbers)

    def clear(self):
        free(self.keys)
        free(self.numbers)
        self.keys, self.numbers = NULL, NULL
        self.reserve(SLOTS_MIN)
