"""The compiled twin of ``decode_pure.py``, which says what each method means."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItem
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

import numpy as np

from tapewatch.wire.protobuf_fast cimport SIZED, sized, skipped, varint

from tapewatch.model.samples import Metadata
from tapewatch.wire.errors import BadMessage, BadSeries
from tapewatch.wire.protobuf_fast import Broken, decode
from tapewatch.wire.remote_write.decode_pure import (
    exemplar_of,
    histogram_sample,
    symbol_pairs,
    symbol_texts,
)
from tapewatch.wire.remote_write.messages import (
    EXEMPLAR_1,
    EXEMPLAR_2,
    HISTOGRAM,
    METADATA_1,
    METADATA_2,
    SERIES_1,
    type_of,
)
from tapewatch.wire.remote_write.request import WriteRequest
from tapewatch.wire.remote_write.series import SERIES_MAX, SeriesCache

cdef enum:
    # Tags: the number of a field with its wire type.
    LABEL_1 = 0x0A
    SAMPLE = 0x12
    EXEMPLAR_TAG_1 = 0x1A
    HISTOGRAM_TAG_1 = 0x22
    VALUE = 0x09
    TIMESTAMP = 0x10
    START = 0x18
    SERIES_TAG_1 = 0x0A
    METADATA_TAG_1 = 0x1A
    SYMBOL = 0x22
    SERIES_TAG_2 = 0x2A
    REFERENCES = 0x0A
    REFERENCE = 0x08
    HISTOGRAM_TAG_2 = 0x1A
    EXEMPLAR_TAG_2 = 0x22
    METADATA_TAG_2 = 0x2A
    CREATED = 0x30


cdef class Column:
    """Words of 64 bits that grow at the end."""

    cdef int64_t *words
    cdef Py_ssize_t count
    cdef Py_ssize_t room

    def __dealloc__(self):
        PyMem_Free(self.words)

    cdef inline int append(self, int64_t word) except -1:
        if self.count == self.room:
            self.make_room()
        self.words[self.count] = word
        self.count += 1
        return 0

    cdef int make_room(self) except -1:
        cdef Py_ssize_t room = max(2 * self.room, 1024)
        cdef int64_t *grown = <int64_t *> PyMem_Realloc(self.words, room * sizeof(int64_t))
        if grown == NULL:
            raise MemoryError
        self.words, self.room = grown, room
        return 0

    cdef object array(self, kind):
        cdef int64_t[::1] copy
        words = np.empty(self.count, np.int64)
        if self.count:
            copy = words
            memcpy(&copy[0], self.words, self.count * sizeof(int64_t))
        return words.view(kind)


cdef class Columns:
    """One request, while its series come in."""

    cdef Column series, offsets, timestamps_ms, values, starts_ms
    cdef list histograms
    cdef list exemplars
    cdef dict metadata
    cdef object fault
    cdef Py_ssize_t refused

    def __cinit__(self):
        self.series, self.offsets = Column(), Column()
        self.timestamps_ms, self.values, self.starts_ms = Column(), Column(), Column()
        self.offsets.append(0)
        self.histograms, self.exemplars, self.metadata = [], [], {}

    cdef const char *sample(self, const char *at, const char *end) except NULL:
        # Reads one sample of either version to its end.
        cdef int64_t value = 0
        cdef int64_t start_ms = 0
        cdef uint64_t timestamp_ms = 0
        cdef uint64_t number
        while at < end:
            at = varint(at, end, &number)
            if number == VALUE and end - at >= 8:
                memcpy(&value, at, 8)
                at += 8
            elif number == TIMESTAMP:
                at = varint(at, end, &timestamp_ms)
            elif number == START:
                at = varint(at, end, <uint64_t *> &start_ms)
            else:
                at = skipped(at, end, number)
        self.values.append(value)
        self.timestamps_ms.append(<int64_t> timestamp_ms)
        self.starts_ms.append(start_ms)
        return end

    cdef int refuse(self, fault, Py_ssize_t first, Py_ssize_t histogram_count) except -1:
        # Takes the samples from ``first`` on back.
        if self.fault is None:
            self.fault = fault
        self.refused += self.values.count - first + histogram_count
        self.values.count = self.timestamps_ms.count = self.starts_ms.count = first
        return 0

    cdef int close(self, Py_ssize_t index) except -1:
        self.series.append(index)
        self.offsets.append(self.values.count)
        return 0

    cdef object request(self, generation, bint started):
        starts_ms = self.starts_ms.array(np.int64) if started else None
        if starts_ms is not None and not starts_ms.any():
            starts_ms = None
        return WriteRequest(
            generation,
            self.series.array(np.int64),
            self.offsets.array(np.int64),
            self.timestamps_ms.array(np.int64),
            self.values.array(np.float64),
            starts_ms,
            tuple(self.histograms),
            tuple(self.exemplars),
            self.metadata,
            self.fault,
            self.refused,
        )


cdef class Successors:
    """
    Which series came after which, by index, and the bytes of their labels.

    Senders repeat themselves: the series that followed the last time most likely follows again, and
    comparing bytes that are at hand is cheaper than looking them up.
    """

    cdef list keys
    cdef Column following
    cdef Py_ssize_t last
    cdef Py_ssize_t generation

    def __cinit__(self):
        self.begin(0)

    cdef int begin(self, Py_ssize_t generation) except -1:
        self.keys, self.following = [], Column()
        self.last, self.generation = -1, generation
        return 0

    cdef Py_ssize_t guess(self, const char *at, Py_ssize_t size) except -2:
        # The index of the series whose labels stand here, or -1.
        cdef Py_ssize_t candidate
        if self.last < 0:
            return -1
        candidate = self.following.words[self.last]
        if candidate < 0:
            return -1
        key = <bytes> self.keys[candidate]
        if len(key) != size or memcmp(PyBytes_AS_STRING(key), at, size):
            return -1
        self.last = candidate
        return candidate

    cdef int learn(self, bytes key, Py_ssize_t index) except -1:
        while self.following.count <= index:
            self.following.append(-1)
            self.keys.append(b"")
        self.keys[index] = key
        if self.last >= 0:
            self.following.words[self.last] = index
        self.last = index
        return 0


cdef class WriteDecoder:
    cdef object _cache
    cdef dict _by_key
    cdef Successors _successors

    def __init__(self, series_max=SERIES_MAX):
        self._cache = SeriesCache(series_max)
        self._by_key = self._cache.by_key
        self._successors = Successors()

    @property
    def labels(self):
        return self._cache.labels

    def decode_1(self, bytes data not None):
        cdef Columns columns = Columns()
        self._cache.begin()
        if self._successors.generation != self._cache.generation:
            self._successors.begin(self._cache.generation)
        try:
            self._request_1(columns, PyBytes_AS_STRING(data), len(data))
        except Broken as fault:
            raise BadMessage("WriteRequest", str(fault)) from None
        return columns.request(self._cache.generation, False)

    def decode_2(self, bytes data not None):
        cdef Columns columns = Columns()
        self._cache.begin()
        try:
            self._request_2(columns, PyBytes_AS_STRING(data), len(data))
        except Broken as fault:
            raise BadMessage("Request", str(fault)) from None
        return columns.request(self._cache.generation, True)

    # --- Version 1.0 ---

    cdef int _request_1(self, Columns columns, const char *at, Py_ssize_t length) except -1:
        cdef const char *end = at + length
        cdef uint64_t tag, size
        while at < end:
            at = varint(at, end, &tag)
            if tag == SERIES_TAG_1:
                at = sized(at, end, &size)
                self._series_1(columns, at, at + size)
                at += size
            elif tag == METADATA_TAG_1:
                at = sized(at, end, &size)
                one = decode(METADATA_1, at[:<Py_ssize_t> size])
                told = Metadata(type_of(one["type"]), one["help"], one["unit"])
                columns.metadata[one["metric"]] = told
                at += size
            else:
                at = skipped(at, end, tag)
        return 0

    cdef int _series_1(self, Columns columns, const char *at, const char *end) except -1:
        cdef const char *start = at
        cdef const char *labels_end
        cdef Py_ssize_t first = columns.values.count
        cdef Py_ssize_t index
        cdef uint64_t tag, size
        cdef bint scattered = False
        cdef list histograms = []
        cdef list exemplars = []
        while at < end and at[0] == LABEL_1:
            at = sized(at + 1, end, &size) + size
        labels_end = at
        while at < end:
            at = varint(at, end, &tag)
            if (tag & 7) != SIZED or tag < 8:
                at = skipped(at, end, tag)
                continue
            at = sized(at, end, &size)
            if tag == SAMPLE:
                columns.sample(at, at + size)
            elif tag == HISTOGRAM_TAG_1:
                histograms.append(decode(HISTOGRAM, at[:<Py_ssize_t> size]))
            elif tag == EXEMPLAR_TAG_1:
                exemplars.append(decode(EXEMPLAR_1, at[:<Py_ssize_t> size]))
            scattered = scattered or tag == LABEL_1
            at += size
        if scattered:
            labels_end = end
        try:
            index = self._successors.guess(start, labels_end - start)
            if index < 0:
                index = self._known(PyBytes_FromStringAndSize(start, labels_end - start))
            self._close(columns, index, first, histograms, 0)
        except BadSeries as fault:
            columns.refuse(fault, first, len(histograms))
            return 0
        for one in exemplars:
            exemplar = exemplar_of(label_pairs(one["labels"]), one)
            columns.exemplars.append((index, exemplar))
        return 0

    cdef Py_ssize_t _known(self, bytes key) except -1:
        found = PyDict_GetItem(self._by_key, key)
        if found != NULL:
            index = <object> found
        else:
            index = self._cache.learn(key, label_pairs(decode(SERIES_1, key)["labels"]))
        self._successors.learn(key, index)
        return index

    cdef int _close(
        self, Columns columns, Py_ssize_t index, Py_ssize_t first, list histograms, int64_t start_ms
    ) except -1:
        if histograms and columns.values.count > first:
            labels = self._cache.labels[index]
            raise BadSeries(str(labels), "it has both samples and histograms")
        columns.close(index)
        for histogram in histograms:
            columns.histograms.append(histogram_sample(index, histogram, start_ms))
        return 0

    # --- Version 2.0 ---

    cdef int _request_2(self, Columns columns, const char *at, Py_ssize_t length) except -1:
        # Symbols may stand behind the series that refer to them, so they are read first.
        cdef const char *end = at + length
        cdef const char *start = at
        cdef uint64_t tag, size
        cdef list symbols = []
        while at < end:
            at = varint(at, end, &tag)
            if tag == SYMBOL:
                at = sized(at, end, &size)
                symbols.append(symbol(at, size))
                at += size
            else:
                at = skipped(at, end, tag)
        at = start
        while at < end:
            at = varint(at, end, &tag)
            if tag == SERIES_TAG_2:
                at = sized(at, end, &size)
                self._series_2(columns, at, at + size, symbols)
                at += size
            else:
                at = skipped(at, end, tag)
        return 0

    cdef int _series_2(
        self, Columns columns, const char *at, const char *end, list symbols
    ) except -1:
        cdef Py_ssize_t first = columns.values.count
        cdef Py_ssize_t i
        cdef uint64_t tag, size, start_ms = 0
        cdef list references = []
        cdef list histograms = []
        cdef list exemplars = []
        cdef tuple key = None
        told = None
        while at < end:
            at = varint(at, end, &tag)
            if tag == CREATED:
                at = varint(at, end, &start_ms)
                continue
            if tag == REFERENCE:
                at = varint(at, end, &size)
                references.append(size)
                continue
            if (tag & 7) != SIZED or tag < 8:
                at = skipped(at, end, tag)
                continue
            at = sized(at, end, &size)
            if tag == REFERENCES and key is None and not references:
                key = referenced(at, at + size, symbols, references)
            elif tag == REFERENCES:
                key = None
                referenced(at, at + size, symbols, references)
            elif tag == SAMPLE:
                columns.sample(at, at + size)
            elif tag == HISTOGRAM_TAG_2:
                histograms.append(decode(HISTOGRAM, at[:<Py_ssize_t> size]))
            elif tag == EXEMPLAR_TAG_2:
                exemplars.append(decode(EXEMPLAR_2, at[:<Py_ssize_t> size]))
            elif tag == METADATA_TAG_2:
                told = decode(METADATA_2, at[:<Py_ssize_t> size])
            at += size
        if start_ms:
            for i in range(first, columns.starts_ms.count):
                if not columns.starts_ms.words[i]:
                    columns.starts_ms.words[i] = <int64_t> start_ms
        if key is None or len(references) % 2:
            key = tuple(symbol_texts(symbols, references))
            symbol_pairs(symbols, references)
        found = PyDict_GetItem(self._by_key, key)
        resolved = [(symbol_pairs(symbols, one["labels"]), one) for one in exemplars]
        if told is not None:
            self._tell(columns, key, told, symbols)
        try:
            index = <object> found if found != NULL else self._cache.learn(key, pairs_of(key))
            self._close(columns, index, first, histograms, <int64_t> start_ms)
        except BadSeries as fault:
            columns.refuse(fault, first, len(histograms))
            return 0
        for pairs, exemplar in resolved:
            columns.exemplars.append((index, exemplar_of(pairs, exemplar)))
        return 0

    cdef int _tell(self, Columns columns, tuple key, dict told, list symbols) except -1:
        metric = dict(pairs_of(key)).get("__name__", "")
        texts = symbol_texts(symbols, [told["help"], told["unit"]])
        if metric:
            columns.metadata[metric] = Metadata(type_of(told["type"]), *texts)
        return 0


cdef object symbol(const char *at, uint64_t size):
    try:
        return PyUnicode_DecodeUTF8(at, size, NULL)
    except UnicodeDecodeError:
        raise Broken(f"{at[:min(<Py_ssize_t> size, 40)]!r} is not UTF-8") from None


cdef tuple referenced(const char *at, const char *end, list symbols, list references):
    # The texts behind packed references, which are also kept as numbers; None where one is wrong.
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t symbol_count = len(symbols)
    cdef const char *scan = at
    cdef uint64_t reference
    cdef bint wrong = False
    cdef tuple texts
    while scan < end:
        count += <uint8_t> scan[0] < 0x80
        scan += 1
    texts = PyTuple_New(count)
    for i in range(count):
        at = varint(at, end, &reference)
        references.append(reference)
        wrong = wrong or reference >= <uint64_t> symbol_count
        text = "" if wrong else symbols[<Py_ssize_t> reference]
        Py_INCREF(text)
        PyTuple_SET_ITEM(texts, i, text)
    if at < end:
        varint(at, end, &reference)
    return None if wrong else texts


cdef list label_pairs(labels):
    return [(label["name"], label["value"]) for label in labels]


cdef list pairs_of(tuple texts):
    return list(zip(texts[::2], texts[1::2], strict=True))
