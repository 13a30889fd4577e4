# cython: binding=False
"""
The compiled twin of ``cells_pure.py``, which says what each class means.

A handle is a pointer into the region. The address range of a region stays the same while a handle
lives: a forked child, a closed region and a lost file put other pages behind it. A signal that
tells of a file that was cut off (SIGBUS) is answered by putting private pages there, and the
store goes on; the handler takes only addresses of regions, and passes all others on.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_AsDouble, PyFloat_CheckExact
from cpython.object cimport PyObject
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_INCREF, Py_XDECREF, Py_XINCREF
from cpython.unicode cimport PyUnicode_Check
from libc.errno cimport errno
from libc.math cimport INFINITY, frexp
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset, strerror
cimport cython

from tapewatch.sdk.region import layout

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        pass
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    long long PyLong_AsLongLongAndOverflow(object value, int *overflow) except? -1
    tuple PyTuple_New(Py_ssize_t size)
    Py_ssize_t PyTuple_GET_SIZE(object values)
    PyObject *PyTuple_GET_ITEM(object values, Py_ssize_t place)
    void PyTuple_SET_ITEM(object values, Py_ssize_t place, object value)

cdef extern from *:
    """
    #define TW_MAPPINGS_MAX 64
    #include <errno.h>
    #include <signal.h>
    #include <stdint.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <time.h>

    #ifndef MAP_POPULATE
    #define MAP_POPULATE 0
    #endif

    static struct {
        char *volatile base;
        volatile size_t size;
        volatile int lost;
    } tw_mappings[TW_MAPPINGS_MAX];

    static struct sigaction tw_before;
    static volatile int tw_guarding = 0;
    static volatile int tw_raised = 0;

    static void *tw_private_pages(char *base, size_t size) {
        return mmap(base, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | (base ? MAP_FIXED : 0), -1, 0);
    }

    static void tw_pass_on(int number, siginfo_t *info, void *context) {
        if (tw_before.sa_flags & SA_SIGINFO) {
            tw_before.sa_sigaction(number, info, context);
        } else if (tw_before.sa_handler == SIG_DFL || tw_before.sa_handler == SIG_IGN) {
            /* The store happens again, and now ends the process as it would without us. */
            sigaction(SIGBUS, &tw_before, NULL);
        } else {
            tw_before.sa_handler(number);
        }
    }

    static void tw_on_bus_error(int number, siginfo_t *info, void *context) {
        int before = errno;
        char *at = (char *)info->si_addr;
    #ifdef SI_TKILL
        /* A handler before this one (faulthandler) raised it again, and the address is lost. The
           store that caused it will fault once more and tell. */
        if (info->si_code == SI_TKILL && !tw_raised++) return;
    #endif
        for (int i = 0; i < TW_MAPPINGS_MAX; i++) {
            char *base = tw_mappings[i].base;
            if (base && at >= base && at < base + tw_mappings[i].size) {
                if (tw_private_pages(base, tw_mappings[i].size) == MAP_FAILED) break;
                tw_mappings[i].lost = 1;
                tw_raised = 0;
                errno = before;
                return;
            }
        }
        errno = before;
        tw_pass_on(number, info, context);
    }

    static int tw_guard(char *base, size_t size) {
        if (!tw_guarding) {
            struct sigaction action;
            memset(&action, 0, sizeof action);
            action.sa_sigaction = tw_on_bus_error;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK;
            sigemptyset(&action.sa_mask);
            tw_guarding = sigaction(SIGBUS, &action, &tw_before) == 0;
        }
        for (int i = 0; i < TW_MAPPINGS_MAX; i++) {
            if (!tw_mappings[i].base) {
                tw_mappings[i].size = size;
                tw_mappings[i].lost = 0;
                tw_mappings[i].base = base;
                return i;
            }
        }
        return -1;
    }

    static void tw_unguard(int slot) { if (slot >= 0) tw_mappings[slot].base = NULL; }
    static int tw_lost(int slot) { return slot >= 0 && tw_mappings[slot].lost; }
    static void tw_found(int slot) { if (slot >= 0) tw_mappings[slot].lost = 0; }

    static int tw_map_file(char *base, size_t size, int descriptor) {
        return mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE,
                    descriptor, 0) == MAP_FAILED ? -1 : 0;
    }

    /* What the bytes were has to stay readable under the same address, so it is carried over. */
    static int tw_detach(char *base, size_t size, int keep) {
        char *copy;
        if (!keep) return tw_private_pages(base, size) == MAP_FAILED ? -1 : 0;
        copy = tw_private_pages(NULL, size);
        if (copy == MAP_FAILED) return -1;
        memcpy(copy, base, size);
    #ifdef MREMAP_FIXED
        return mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, base) == MAP_FAILED ? -1 : 0;
    #else
        if (tw_private_pages(base, size) == MAP_FAILED) return -1;
        memcpy(base, copy, size);
        munmap(copy, size);
        return 0;
    #endif
    }

    static inline int64_t tw_clock(clockid_t which) {
        struct timespec now;
        clock_gettime(which, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    #define tw_monotonic_ns() tw_clock(CLOCK_MONOTONIC)
    #define tw_realtime_ns() tw_clock(CLOCK_REALTIME)

    /* Cython gives a method of many arguments a tuple of them, and checks each of three. These take
       them as they lie on the stack, which is a third of what they cost. */
    typedef PyObject *(*tw_method)(PyObject *, PyObject *const *, Py_ssize_t);

    static PyMethodDef tw_push_method = {
        "push", NULL, METH_FASTCALL,
        "push($self, format_number, /, *arguments)\\n--\\n\\n"
        "Write one event: the number of its format, then up to 7 numbers, texts or None."};
    static PyMethodDef tw_labels_method = {
        "labels", NULL, METH_FASTCALL,
        "labels($self, /, *values)\\n--\\n\\n"
        "Find the series of these label values, given in the order declared; never raises."};

    static PyMethodDef tw_exit_method = {
        "__exit__", NULL, METH_FASTCALL, "Observe the time since the block was entered."};

    static int tw_add_method(PyTypeObject *type, PyMethodDef *method, void *function) {
        PyObject *descriptor;
        int failed;
        method->ml_meth = (PyCFunction)(void (*)(void))(tw_method)function;
        descriptor = PyDescr_NewMethod(type, method);
        if (!descriptor) return -1;
        failed = PyDict_SetItemString(type->tp_dict, method->ml_name, descriptor);
        Py_DECREF(descriptor);
        PyType_Modified(type);
        return failed;
    }

    #define tw_tuple_items(values) (((PyTupleObject *)(values))->ob_item)

    #define tw_publish(cell, value) __atomic_store_n((cell), (value), __ATOMIC_RELEASE)

    static inline uint64_t tw_bits(double value) {
        uint64_t bits;
        memcpy(&bits, &value, 8);
        return bits;
    }
    """
    void *tw_private_pages(char *base, size_t size) nogil
    void *MAP_FAILED
    int munmap(void *base, size_t size) nogil
    int tw_guard(char *base, size_t size) nogil
    void tw_unguard(int slot) nogil
    bint tw_lost(int slot) nogil
    void tw_found(int slot) nogil
    int tw_map_file(char *base, size_t size, int descriptor) nogil
    int tw_detach(char *base, size_t size, int keep) nogil
    int64_t tw_monotonic_ns() nogil
    int64_t tw_realtime_ns() nogil
    void tw_publish(uint64_t *cell, uint64_t value) nogil
    uint64_t tw_bits(double value) nogil
    PyObject **tuple_items "tw_tuple_items"(object values)
    ctypedef struct PyMethodDef:
        pass
    PyMethodDef tw_push_method
    PyMethodDef tw_labels_method
    PyMethodDef tw_exit_method
    int tw_add_method(PyTypeObject *kind, PyMethodDef *method, void *function) except -1

GUARDED = True

# What Python knows as data, the hot paths want as numbers.
cdef Py_ssize_t DROPS = layout.drop_offset(layout.Drop(0))
cdef int NOT_A_NUMBER = layout.Drop.NOT_A_NUMBER
cdef int NOT_FINITE = layout.Drop.NOT_FINITE
cdef int NEGATIVE = layout.Drop.NEGATIVE
cdef int UNKNOWN_STATE = layout.Drop.UNKNOWN_STATE
cdef int BAD_EVENT = layout.Drop.BAD_EVENT
cdef int BAD_EXEMPLAR = layout.Drop.BAD_EXEMPLAR
cdef Py_ssize_t HISTOGRAM_HEAD = layout.HISTOGRAM.size
cdef Py_ssize_t CLASSIC_HEAD = layout.CLASSIC.size
cdef Py_ssize_t RING_NEXT = layout.HEADER.offset("ring_next")
cdef Py_ssize_t RING_OFFSET = layout.HEADER.offset("ring_offset")
cdef Py_ssize_t RING_SLOTS = layout.HEADER.offset("ring_slots")
cdef Py_ssize_t EXEMPLARS_OFFSET = layout.HEADER.offset("exemplars_offset")
cdef Py_ssize_t EXEMPLARS_SLOTS = layout.HEADER.offset("exemplars_slots")

# The words of a histogram's head, as ``layout.HISTOGRAM`` has them.
cdef enum:
    SUM = 0
    LOWEST = 1
    HIGHEST = 2
    ZERO = 3
    ABOVE = 4
    BELOW = 5

cdef enum:
    SLOT_BYTES = 64
    EXEMPLAR_BYTES = 64
    HEAD_ROOM = 40
    CONTINUED_ROOM = 56
    EVENT_ROOM = 208
    ARGUMENTS_MOST = 7
    TEXT_MOST = 255

cdef enum:
    STATE_WRITING = 0
    STATE_HEAD = 1
    STATE_CONTINUED = 2

cdef enum:
    TYPE_INTEGER = 1
    TYPE_NUMBER = 2
    TYPE_TEXT = 3
    TYPE_CUT_TEXT = 4
    TYPE_ABSENT = 5

assert [layout.HISTOGRAM.offset(name) // 8 for name in (
    "sum", "lowest", "highest", "zero", "above", "below"
)] == [SUM, LOWEST, HIGHEST, ZERO, ABOVE, BELOW]
assert (layout.SLOT.size, layout.EXEMPLAR.size) == (SLOT_BYTES, EXEMPLAR_BYTES)
assert layout.SLOT.field("payload").size == HEAD_ROOM
assert layout.SLOT_CONTINUED.field("payload").size == CONTINUED_ROOM
assert (layout.EVENT_BYTES_MAX, layout.ARGUMENTS_MAX) == (EVENT_ROOM, ARGUMENTS_MOST)

# The bound of each step of an octave as the bits behind the exponent. A sixteenth of an octave
# holds one bound at most, so its table and one comparison find the step.
cdef uint64_t steps_before[16]
cdef uint64_t step_bound[16]


cdef void prepare_steps() noexcept:
    cdef uint64_t mantissa, part
    cdef int step
    for part in range(16):
        steps_before[part] = 0
        step_bound[part] = (<uint64_t>1) << 52
        for step in range(1, 8):
            mantissa = tw_bits(2.0 ** (step / 8.0)) & ((<uint64_t>1 << 52) - 1)
            if mantissa <= part << 48:
                steps_before[part] += 1
            elif mantissa >> 48 == part:
                step_bound[part] = mantissa


prepare_steps()


cdef inline int64_t bucket_of(double value) noexcept nogil:
    # The bits of a number above zero rise with it; one less makes upper bounds belong below.
    cdef uint64_t bits = tw_bits(value) - 1
    cdef uint64_t mantissa = bits & ((<uint64_t>1 << 52) - 1)
    cdef uint64_t part = mantissa >> 48
    cdef uint64_t step = steps_before[part] + (mantissa >= step_bound[part])
    return (<int64_t>(bits >> 52) - 1023) * 8 + 1 + <int64_t>step


cdef int64_t now_ns() noexcept nogil:
    return tw_monotonic_ns()


def clock_ns():
    """Read the clock of timers: nanoseconds that never go back."""
    return tw_monotonic_ns()


cdef inline bint read_number(object value, double *number) noexcept:
    if PyFloat_CheckExact(value):
        number[0] = PyFloat_AS_DOUBLE(value)
        return True
    return read_other(value, number)


cdef bint read_other(object value, double *number) noexcept:
    try:
        number[0] = PyFloat_AsDouble(value)
        return True
    except Exception:
        return False


cdef class Memory:
    """The bytes of one region, at an address that outlives what lies behind it."""

    def __cinit__(self, Py_ssize_t size):
        self.guard = -1
        self.base = <char *>tw_private_pages(NULL, size)
        if self.base == MAP_FAILED:
            self.base = NULL
            raise MemoryError(f"no address space for a region of {size} bytes")
        self.size = size
        self.guard = tw_guard(self.base, size)

    def __dealloc__(self):
        tw_unguard(self.guard)
        if self.base != NULL:
            munmap(self.base, self.size)

    def replace(self, int descriptor):
        """Put a file of the same size behind the bytes, with what it holds."""
        if tw_map_file(self.base, self.size, descriptor) < 0:
            raise OSError(errno, strerror(errno).decode())
        tw_found(self.guard)

    def detach(self, *, bint keep=True):
        """Put private memory behind the bytes, with what they were unless told otherwise."""
        if tw_detach(self.base, self.size, keep) < 0:
            raise OSError(errno, strerror(errno).decode())

    @property
    def lost(self):
        """Whether the file was cut off, so that nobody reads any more what is written."""
        return tw_lost(self.guard)

    cdef char *at(self, Py_ssize_t place, Py_ssize_t size) except NULL:
        if place < 0 or size < 0 or place + size > self.size:
            raise IndexError(f"{size} bytes at {place} lie outside of {self.size}")
        return self.base + place

    def read(self, Py_ssize_t at, Py_ssize_t size):
        """Copy bytes out."""
        return self.at(at, size)[:size]

    def write(self, Py_ssize_t at, bytes data not None):
        """Copy bytes in."""
        memcpy(self.at(at, PyBytes_GET_SIZE(data)), PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))

    def load(self, Py_ssize_t at):
        """Read one word."""
        return (<int64_t *>self.at(at, 8))[0]

    def store(self, Py_ssize_t at, int64_t value):
        """Write one word, after everything that was written before."""
        tw_publish(<uint64_t *>self.at(at, 8), <uint64_t>value)

    def load_double(self, Py_ssize_t at):
        """Read one double."""
        return (<double *>self.at(at, 8))[0]

    def store_double(self, Py_ssize_t at, double value):
        """Write one double."""
        (<double *>self.at(at, 8))[0] = value

    def drop(self, int reason):
        """Count that something was not counted."""
        self.count_drop(reason)

    cdef void count_drop(self, int reason) noexcept nogil:
        (<int64_t *>(self.base + DROPS))[reason] += 1


cdef class CounterHandle:
    """One series of a counter."""

    def __cinit__(self, Memory memory not None, Py_ssize_t offset):
        self.memory = memory
        self.cell = <double *>memory.at(offset, 8)

    def inc(self, amount=1.0):
        """Add ``amount``, which must not be below zero."""
        cdef double number
        if not read_number(amount, &number):
            self.memory.count_drop(NOT_A_NUMBER)
        elif 0.0 <= number < INFINITY:
            self.cell[0] += number
        else:
            self.memory.count_drop(NEGATIVE if number < 0 else NOT_FINITE)

    cdef void add(self, double amount) noexcept nogil:
        self.cell[0] += amount

    @property
    def value(self):
        """What the cell holds."""
        return self.cell[0]


cdef class GaugeHandle:
    """One series of a gauge."""

    def __cinit__(self, Memory memory not None, Py_ssize_t offset):
        self.memory = memory
        self.cell = <double *>memory.at(offset, 8)

    def set(self, value):
        """Put ``value`` in the place of the one before."""
        cdef double number
        if read_number(value, &number):
            self.cell[0] = number
        else:
            self.memory.count_drop(NOT_A_NUMBER)

    def inc(self, amount=1.0):
        """Add ``amount``."""
        cdef double number
        if read_number(amount, &number):
            self.cell[0] += number
        else:
            self.memory.count_drop(NOT_A_NUMBER)

    def dec(self, amount=1.0):
        """Take ``amount`` away."""
        cdef double number
        if read_number(amount, &number):
            self.cell[0] -= number
        else:
            self.memory.count_drop(NOT_A_NUMBER)

    def set_to_current_time(self):
        """Put the time of now in, in seconds of Unix time."""
        self.cell[0] = <double>tw_realtime_ns() / 1e9

    @property
    def value(self):
        """What the cell holds; another process may have written it."""
        return self.cell[0]


cdef class StateHandle:
    """One series of a state: which of the names declared is the present one."""

    def __cinit__(self, Memory memory not None, Py_ssize_t offset, tuple states not None):
        self.memory = memory
        self.cell = <double *>memory.at(offset, 8)
        self.places = {state: float(place) for place, state in enumerate(states)}
        self.states = states

    def set(self, state):
        """Say which state it is now."""
        cdef PyObject *place = NULL
        try:
            place = PyDict_GetItemWithError(self.places, state)
        except Exception:
            pass
        if place == NULL:
            self.memory.count_drop(UNKNOWN_STATE)
        else:
            self.cell[0] = PyFloat_AS_DOUBLE(<object>place)

    @property
    def state(self):
        """Which state it is; another process may have written it."""
        cdef double place = self.cell[0]
        return self.states[<Py_ssize_t>place] if 0 <= place < len(self.states) else ""


cdef class HistogramHandle:
    """One series of a native histogram."""

    def __cinit__(
        self,
        Memory memory not None,
        Py_ssize_t offset,
        int index_low,
        int bucket_count,
        bint signed,
        double unit_ns,
    ):
        cdef Py_ssize_t size = HISTOGRAM_HEAD + 8 * bucket_count * (2 if signed else 1)
        self.memory = memory
        self.offset = offset
        self.head = <double *>memory.at(offset, size)
        self.positive = <int64_t *>(memory.base + offset + HISTOGRAM_HEAD)
        self.negative = self.positive + bucket_count
        self.bucket_count = bucket_count
        self.index_low = index_low
        self.signed_ = signed
        self.threshold = 2.0 ** ((index_low - 1) // 8)
        self.unit_ns = unit_ns

    def observe(self, value, exemplar=None):
        """Count ``value``; ``exemplar`` is a trace id of 16 bytes, or one and a span id of 8."""
        cdef double number
        if read_number(value, &number):
            self.record(number)
        else:
            self.memory.count_drop(NOT_A_NUMBER)
        if exemplar is not None:
            self.keep(exemplar, value)

    cdef void record(self, double value) noexcept nogil:
        cdef uint64_t place
        if not self.threshold < value < INFINITY:
            self.record_rest(value)
            return
        place = <uint64_t>(bucket_of(value) - self.index_low)
        if place < self.bucket_count:
            self.positive[place] += 1
        else:
            (<int64_t *>self.head)[ABOVE] += 1
        self.head[SUM] += value
        if value > self.head[HIGHEST]:
            self.head[HIGHEST] = value

    cdef void record_rest(self, double value) noexcept nogil:
        cdef int64_t *cell = <int64_t *>self.head + ZERO
        cdef uint64_t place
        if not -INFINITY < value < INFINITY:
            self.memory.count_drop(NOT_FINITE)
            return
        if value < 0 and not self.signed_:
            self.memory.count_drop(NEGATIVE)
            return
        if value < -self.threshold:
            place = <uint64_t>(bucket_of(-value) - self.index_low)
            cell = <int64_t *>self.head + BELOW
            if place < self.bucket_count:
                cell = self.negative + place
        cell[0] += 1
        self.head[SUM] += value
        if value < self.head[LOWEST]:
            self.head[LOWEST] = value
        if value > self.head[HIGHEST]:
            self.head[HIGHEST] = value

    cdef void record_since(self, int64_t start_ns) noexcept nogil:
        self.record(<double>(tw_monotonic_ns() - start_ns) / self.unit_ns)

    cdef void keep(self, object exemplar, object value) noexcept:
        keep_or_drop(self.memory, self.offset, exemplar, value)

    def since(self, start_ns):
        """Count the time since ``start_ns`` (of ``clock_ns``), in the histogram's unit."""
        cdef int64_t start
        try:
            start = start_ns
        except Exception:
            self.memory.count_drop(NOT_A_NUMBER)
        else:
            self.record_since(start)

    def time(self):
        """Time a ``with`` block, or decorate a function or a coroutine function."""
        cdef Timing timing = Timing.__new__(Timing)
        timing.handle = self
        return timing

    @property
    def sum(self):
        """The sum of what was observed."""
        return self.head[SUM]

    @property
    def count(self):
        """How many values were observed."""
        cdef int64_t *words = <int64_t *>self.head
        cdef int64_t total = words[ZERO] + words[ABOVE] + words[BELOW]
        cdef uint64_t place
        for place in range(self.bucket_count * (2 if self.signed_ else 1)):
            total += self.positive[place]
        return total


cdef class ClassicHandle:
    """One series of a classic histogram, or of a summary where there are no bounds."""

    def __cinit__(self, Memory memory not None, Py_ssize_t offset, tuple bounds not None):
        cdef Py_ssize_t place
        self.memory = memory
        self.offset = offset
        self.bound_count = len(bounds)
        self.sum_ = <double *>memory.at(offset, CLASSIC_HEAD + 8 * (self.bound_count + 1))
        self.cells = <int64_t *>(memory.base + offset + CLASSIC_HEAD)
        self.bounds = <double *>PyMem_Malloc(8 * (self.bound_count + 1))
        if self.bounds == NULL:
            raise MemoryError(f"no memory for {self.bound_count} bounds")
        for place in range(self.bound_count):
            self.bounds[place] = bounds[place]

    def __dealloc__(self):
        PyMem_Free(self.bounds)

    def observe(self, value, exemplar=None):
        """Count ``value``; ``exemplar`` is a trace id of 16 bytes, or one and a span id of 8."""
        cdef double number
        if read_number(value, &number):
            self.record(number)
        else:
            self.memory.count_drop(NOT_A_NUMBER)
        if exemplar is not None:
            keep_or_drop(self.memory, self.offset, exemplar, value)

    cdef void record(self, double value) noexcept nogil:
        cdef Py_ssize_t low = 0, high = self.bound_count, middle
        if not -INFINITY < value < INFINITY:
            self.memory.count_drop(NOT_FINITE)
            return
        while low < high:
            middle = (low + high) >> 1
            if self.bounds[middle] < value:
                low = middle + 1
            else:
                high = middle
        self.cells[low] += 1
        self.sum_[0] += value

    @property
    def sum(self):
        """The sum of what was observed."""
        return self.sum_[0]

    @property
    def counts(self):
        """How many values lie up to each bound and above the one before; last, above them all."""
        cdef Py_ssize_t place
        return [self.cells[place] for place in range(self.bound_count + 1)]


cdef void keep_or_drop(Memory memory, Py_ssize_t owner, object exemplar, object value) noexcept:
    try:
        keep_exemplar(memory, owner, exemplar, float(value))
    except Exception:
        memory.count_drop(BAD_EXEMPLAR)


@cython.freelist(64)
@cython.no_gc
@cython.final
cdef class Timing:
    """A block or a function whose time is observed, also when it fails."""

    def __enter__(self):
        self.start_ns = tw_monotonic_ns()
        return self

    def __call__(self, function):
        from tapewatch.sdk.region.timing import timed

        return timed(self.handle, function)


cdef object exit_timing(Timing self, PyObject **raised, Py_ssize_t count):
    self.handle.record_since(self.start_ns)


tw_add_method(<PyTypeObject *>Timing, &tw_exit_method, <void *>exit_timing)


def keep_exemplar(Memory memory not None, Py_ssize_t owner, bytes exemplar not None, double value):
    """Write an exemplar into the slot of its histogram and octave, over the one before."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(exemplar)
    cdef uint64_t mask = (<uint64_t *>(memory.base + EXEMPLARS_SLOTS))[0] - 1
    cdef char *slots = memory.base + (<uint64_t *>(memory.base + EXEMPLARS_OFFSET))[0]
    cdef int octave = 0
    cdef uint64_t slot, sequence
    cdef uint64_t *words
    if size != 16 and size != 24:
        raise ValueError(exemplar)
    frexp(value, &octave)
    slot = <uint64_t>((owner >> 6) * 31 + octave) & mask
    words = <uint64_t *>(slots + slot * EXEMPLAR_BYTES)
    sequence = words[0] | 1
    tw_publish(words, sequence)
    words[1] = owner
    (<double *>words)[2] = value
    words[3] = tw_realtime_ns()
    memset(words + 4, 0, 24)
    memcpy(words + 4, PyBytes_AS_STRING(exemplar), size)
    tw_publish(words, sequence + 1)


cdef class Ring:
    """The event ring: the newest events of the process, over the oldest."""

    def __cinit__(self, Memory memory not None):
        self.memory = memory
        self.next = <uint64_t *>(memory.base + RING_NEXT)
        self.slots = memory.base + (<uint64_t *>(memory.base + RING_OFFSET))[0]
        self.mask = (<uint64_t *>(memory.base + RING_SLOTS))[0] - 1

    cdef void write(
        self, int64_t at_ns, uint64_t format_and_types, const char *payload, Py_ssize_t size
    ) noexcept nogil:
        cdef uint64_t position = self.next[0]
        cdef uint64_t *words = <uint64_t *>(self.slots + (position & self.mask) * SLOT_BYTES)
        if size > HEAD_ROOM:
            write_long(self, position, at_ns, format_and_types, payload, size)
            return
        self.next[0] = position + 1
        tw_publish(words, position * 4 + STATE_WRITING)
        words[1] = at_ns
        words[2] = format_and_types
        memcpy(words + 3, payload, size)
        tw_publish(words, position * 4 + STATE_HEAD)

    @property
    def position(self):
        """How many slots were ever claimed."""
        return self.next[0]


cdef void write_long(
    Ring ring,
    uint64_t position,
    int64_t at_ns,
    uint64_t format_and_types,
    const char *payload,
    Py_ssize_t size,
) noexcept nogil:
    cdef uint64_t count = 1 + (size - HEAD_ROOM + CONTINUED_ROOM - 1) // CONTINUED_ROOM
    cdef uint64_t *head = <uint64_t *>(ring.slots + (position & ring.mask) * SLOT_BYTES)
    cdef uint64_t *words
    cdef uint64_t extra
    cdef Py_ssize_t begin
    ring.next[0] = position + count
    tw_publish(head, position * 4 + STATE_WRITING)
    for extra in range(1, count):
        begin = HEAD_ROOM + CONTINUED_ROOM * (extra - 1)
        words = <uint64_t *>(ring.slots + (position + extra & ring.mask) * SLOT_BYTES)
        tw_publish(words, (position + extra) * 4 + STATE_WRITING)
        memcpy(words + 1, payload + begin, min(size - begin, CONTINUED_ROOM))
        tw_publish(words, (position + extra) * 4 + STATE_CONTINUED)
    head[1] = at_ns
    head[2] = format_and_types
    memcpy(head + 3, payload, HEAD_ROOM)
    tw_publish(head, position * 4 + STATE_HEAD)


cdef object push_event(Ring self, PyObject **event, Py_ssize_t count):
    cdef char payload[EVENT_ROOM]
    cdef uint64_t types
    cdef uint32_t format_number
    cdef Py_ssize_t size = 0
    try:
        types = encode(event, count, payload, &size)
        format_number = <object>event[0]
    except Exception:
        self.memory.count_drop(BAD_EVENT)
    else:
        self.write(tw_monotonic_ns(), types << 32 | format_number, payload, size)


tw_add_method(<PyTypeObject *>Ring, &tw_push_method, <void *>push_event)


cdef uint64_t encode(
    PyObject **event, Py_ssize_t count, char *payload, Py_ssize_t *size
) except? 0xFFFFFFFFFF:
    cdef Py_ssize_t place
    cdef uint64_t types = 0
    if count < 1 or count > ARGUMENTS_MOST + 1:
        raise ValueError(f"{count - 1} arguments; an event has {ARGUMENTS_MOST} at most")
    for place in range(1, count):
        types |= encode_argument(<object>event[place], payload, size) << (4 * (place - 1))
    return types


cdef uint64_t encode_argument(object argument, char *payload, Py_ssize_t *size) except 0:
    cdef Py_ssize_t at = size[0]
    cdef int overflow = 0
    cdef int64_t integer
    cdef double number
    if argument is None:
        return TYPE_ABSENT
    if PyUnicode_Check(argument) or isinstance(argument, bytes):
        return encode_text(argument, payload, size)
    if EVENT_ROOM - at < 8:
        return TYPE_ABSENT
    size[0] = at + 8
    if isinstance(argument, int):
        integer = PyLong_AsLongLongAndOverflow(argument, &overflow)
        if not overflow:
            memcpy(payload + at, &integer, 8)
            return TYPE_INTEGER
    number = PyFloat_AsDouble(argument)
    memcpy(payload + at, &number, 8)
    return TYPE_NUMBER


cdef uint64_t encode_text(object text, char *payload, Py_ssize_t *size) except 0:
    cdef Py_ssize_t at = size[0]
    cdef Py_ssize_t kept, length = 0
    cdef const char *data
    if EVENT_ROOM - at < 1:
        return TYPE_ABSENT
    if PyUnicode_Check(text):
        try:
            data = PyUnicode_AsUTF8AndSize(text, &length)
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace")
            data, length = PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)
    else:
        data, length = PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)
    kept = min(length, EVENT_ROOM - at - 1, TEXT_MOST)
    payload[at] = <char>kept
    memcpy(payload + at + 1, data, kept)
    size[0] = at + 1 + kept
    return TYPE_TEXT if kept == length else TYPE_CUT_TEXT


cdef enum:
    RECENT_SLOTS = 256


cdef inline uint64_t recent_slot(PyObject **values, Py_ssize_t count) noexcept:
    cdef uint64_t mixed = 0
    cdef Py_ssize_t place
    for place in range(count):
        mixed = (mixed ^ <uint64_t>values[place]) * <uint64_t>0x9E3779B97F4A7C15
    return mixed >> 56


cdef class Bindable:
    """
    An instrument's series by their label values: the lookup of the trading path.

    Before the dictionary is asked, a table of recent answers is: label values are mostly the same
    few objects, and comparing addresses is cheaper than hashing texts.
    """

    def __dealloc__(self):
        self.forget()
        PyMem_Free(self.recent)

    @classmethod
    def __class_getitem__(cls, item):
        return cls

    cdef PyObject *recall(self, PyObject **values, Py_ssize_t count) noexcept:
        cdef Recent *slot
        cdef Py_ssize_t place
        if self.recent == NULL or self.remembered is not self.children:
            return NULL
        slot = self.recent + recent_slot(values, count)
        if slot.key == NULL or PyTuple_GET_SIZE(<object>slot.key) != count:
            return NULL
        for place in range(count):
            if PyTuple_GET_ITEM(<object>slot.key, place) != values[place]:
                return NULL
        return slot.handle

    cdef void remember(self, tuple key, PyObject *handle) noexcept:
        cdef Recent *slot
        if self.remembered is not self.children:
            self.forget()
            self.remembered = self.children
        if self.recent == NULL:
            self.recent = <Recent *>PyMem_Calloc(RECENT_SLOTS, sizeof(Recent))
            if self.recent == NULL:
                return
        slot = self.recent + recent_slot(tuple_items(key), PyTuple_GET_SIZE(key))
        Py_XDECREF(slot.key)
        Py_XDECREF(slot.handle)
        Py_INCREF(key)
        Py_XINCREF(handle)
        slot.key, slot.handle = <PyObject *>key, handle

    cdef void forget(self) noexcept:
        cdef Py_ssize_t place
        if self.recent == NULL:
            return
        for place in range(RECENT_SLOTS):
            Py_XDECREF(self.recent[place].key)
            Py_XDECREF(self.recent[place].handle)
            self.recent[place] = Recent(NULL, NULL)

    def find(self, values):
        """Make the series, or give the one that stands for those that cannot be made."""
        raise KeyError(values)


cdef object find_series(Bindable self, PyObject **values, Py_ssize_t count):
    cdef PyObject *found = self.recall(values, count)
    if found != NULL:
        return <object>found
    return look_up(self, values, count)


cdef object look_up(Bindable self, PyObject **values, Py_ssize_t count):
    cdef PyObject *found = NULL
    cdef tuple key = PyTuple_New(count)
    cdef Py_ssize_t place
    for place in range(count):
        Py_INCREF(<object>values[place])
        PyTuple_SET_ITEM(key, place, <object>values[place])
    try:
        found = PyDict_GetItemWithError(self.children, key)
    except Exception:
        pass
    if found == NULL:
        return self.find(key)
    self.remember(key, found)
    return <object>found


tw_add_method(<PyTypeObject *>Bindable, &tw_labels_method, <void *>find_series)
