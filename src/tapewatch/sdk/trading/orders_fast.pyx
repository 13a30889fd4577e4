# cython: binding=False
"""The compiled twin of ``orders_pure.py``, which says what each method means."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject
from libc.stdint cimport int64_t
cimport cython

from tapewatch.sdk.region.cells_fast cimport CounterHandle, GaugeHandle, HistogramHandle, now_ns

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define tw_fetch(place) __builtin_prefetch((place), 1)
    #else
    #define tw_fetch(place) ((void)(place))
    #endif
    """
    void tw_fetch(void *place) nogil

cdef enum:
    SENT = 2
    PARTIAL = 4
    FILL = 5
    STAGES = 9

cdef enum:
    UNKNOWN = 0
    OUT_OF_ORDER = 1
    AFTER_END = 2
    TWICE = 3
    FULL = 4
    UNREADABLE = 5
    FAULTS = 6


# Open orders are kept alive by the dictionary of their ids, so neighbours need not count each
# other, and the garbage collector has nothing to walk through.
@cython.freelist(256)
@cython.no_gc
@cython.final
cdef class Order:
    """One order: where it is, since when, and its neighbours by age."""

    cdef int stage
    cdef int64_t at_ns
    cdef int64_t began_ns
    cdef int64_t tick_ns
    cdef object order_id
    cdef object exemplar
    cdef PyObject *older
    cdef PyObject *newer


@cython.final
cdef class Orders:
    """Watches orders by their ids."""

    cdef dict orders
    cdef list ended
    cdef Py_ssize_t ended_next
    cdef Py_ssize_t ended_max
    cdef Py_ssize_t open_now
    cdef Py_ssize_t open_max
    cdef PyObject *head
    cdef PyObject *tail
    cdef list kept
    cdef PyObject *steps[STAGES * STAGES]
    cdef PyObject *marks[STAGES]
    cdef PyObject *faults[FAULTS]
    cdef object find
    cdef object timeline
    cdef GaugeHandle open_orders
    cdef GaugeHandle oldest
    cdef HistogramHandle tick_to_trade
    cdef HistogramHandle life
    cdef public int64_t realtime_offset_ns

    def __init__(
        self,
        *,
        list transitions not None,
        find,
        list marks not None,
        list faults not None,
        GaugeHandle open_orders not None,
        GaugeHandle oldest not None,
        HistogramHandle tick_to_trade not None,
        HistogramHandle life not None,
        int64_t realtime_offset_ns,
        Py_ssize_t open_max,
        Py_ssize_t ended_max,
        timeline=None,
    ):
        cdef int place
        self.orders = {}
        self.ended_max = max(ended_max, 1)
        self.ended = [None] * self.ended_max
        self.open_max = open_max
        self.find = find
        self.timeline = timeline
        self.open_orders = open_orders
        self.oldest = oldest
        self.tick_to_trade = tick_to_trade
        self.life = life
        self.realtime_offset_ns = realtime_offset_ns
        self.kept = [*transitions, *marks, *faults]
        assert len(self.kept) == STAGES * STAGES + STAGES + FAULTS
        for place in range(STAGES * STAGES):
            handle = transitions[place]
            assert handle is None or isinstance(handle, HistogramHandle)
            self.steps[place] = NULL if handle is None else <PyObject *>handle
        for place in range(STAGES):
            self.marks[place] = <PyObject *><CounterHandle?>marks[place]
        for place in range(FAULTS):
            self.faults[place] = <PyObject *><CounterHandle?>faults[place]

    @property
    def open_count(self):
        """How many orders are open."""
        return self.open_now

    def signal(self, order_id, tick_ns=0, exemplar=None, at_ns=0):
        """Begin an order: the decision to trade."""
        cdef PyObject *known
        cdef Order order
        cdef int64_t tick, told
        try:
            known = PyDict_GetItemWithError(self.orders, order_id)
            if known != NULL and (<Order>known).stage < FILL:
                return self.fault(TWICE)
            if self.open_now >= self.open_max:
                return self.fault(FULL)
            tick = tick_ns
            told = at_ns
            order = Order.__new__(Order)
            order.order_id = order_id
            self.orders[order_id] = order
        except Exception:
            return self.fault(UNREADABLE)
        order.exemplar = exemplar
        order.tick_ns = tick
        order.began_ns = order.at_ns = told or now_ns()
        self.append(order)
        (<CounterHandle>self.marks[0]).add(1.0)
        if self.timeline is not None:
            self.timeline(order_id, 0)
        return True

    def mark(self, order_id, stage, at_ns=0):
        """Say that an order reached a stage; answers whether that was a step."""
        cdef PyObject *known
        cdef Order order
        cdef int after, before
        cdef int64_t told
        try:
            after = stage
            told = at_ns
            known = PyDict_GetItemWithError(self.orders, order_id)
        except Exception:
            return self.fault(UNREADABLE)
        if not 0 <= after < STAGES:
            return self.fault(UNREADABLE)
        if known == NULL:
            return self.fault(UNKNOWN)
        # Among many orders this one is seldom in the cache: it comes while the clock is read.
        tw_fetch(<void *>known)
        if not told:
            told = now_ns()
        order = <Order>known
        before = order.stage
        if before >= FILL:
            return self.fault(AFTER_END)
        if after <= before and not after == before == PARTIAL:
            return self.fault(OUT_OF_ORDER)
        self.step(order, before, after, told)
        return True

    cdef int step(self, Order order, int before, int after, int64_t at_ns) except -1:
        cdef PyObject *histogram = self.steps[before * STAGES + after]
        if histogram == NULL:
            histogram = self.make(before, after)
        (<HistogramHandle>histogram).record(<double>(at_ns - order.at_ns) * 1e-9)
        (<CounterHandle>self.marks[after]).add(1.0)
        order.at_ns = at_ns
        order.stage = after
        if after == SENT and order.tick_ns:
            self.observe(self.tick_to_trade, at_ns - order.tick_ns, order.exemplar)
        if after >= FILL:
            self.observe(self.life, at_ns - order.began_ns, order.exemplar)
            self.end(order)
        if self.timeline is not None:
            self.timeline(order.order_id, after)
        return 0

    cdef PyObject *make(self, int before, int after) except NULL:
        cdef HistogramHandle made = self.find(before, after)
        self.kept.append(made)
        self.steps[before * STAGES + after] = <PyObject *>made
        return <PyObject *>made

    cdef void observe(self, HistogramHandle histogram, int64_t took_ns, object exemplar) noexcept:
        cdef double seconds = <double>took_ns * 1e-9
        histogram.record(seconds)
        if exemplar is not None:
            histogram.keep(exemplar, seconds)

    cdef int end(self, Order order) except -1:
        cdef PyObject *known
        cdef object forgotten = self.ended[self.ended_next]
        self.unlink(order)
        if forgotten is not None:
            # An id may have been used again; then what it names is another order.
            order_id = (<Order>forgotten).order_id
            known = PyDict_GetItemWithError(self.orders, order_id)
            if known == <PyObject *>forgotten:
                del self.orders[order_id]
        self.ended[self.ended_next] = order
        self.ended_next += 1
        if self.ended_next == self.ended_max:
            self.ended_next = 0
        return 0

    cdef void append(self, Order order) noexcept:
        order.older = self.tail
        order.newer = NULL
        if self.tail == NULL:
            self.head = <PyObject *>order
            self.tell_oldest()
        else:
            (<Order>self.tail).newer = <PyObject *>order
        self.tail = <PyObject *>order
        self.open_now += 1
        self.open_orders.cell[0] = <double>self.open_now

    cdef void unlink(self, Order order) noexcept:
        if order.newer == NULL:
            self.tail = order.older
        else:
            (<Order>order.newer).older = order.older
        if order.older == NULL:
            self.head = order.newer
            self.tell_oldest()
        else:
            (<Order>order.older).newer = order.newer
        order.older = order.newer = NULL
        self.open_now -= 1
        self.open_orders.cell[0] = <double>self.open_now

    cdef void tell_oldest(self) noexcept:
        cdef int64_t began_ns = 0
        if self.head != NULL:
            began_ns = (<Order>self.head).began_ns + self.realtime_offset_ns
        self.oldest.cell[0] = <double>began_ns * 1e-9

    cdef object fault(self, int fault):
        (<CounterHandle>self.faults[fault]).add(1.0)
        return False

    def stage_of(self, order_id):
        """Where an order is; -1 where it is unknown."""
        cdef PyObject *known
        try:
            known = PyDict_GetItemWithError(self.orders, order_id)
        except TypeError:
            return -1
        return -1 if known == NULL else (<Order>known).stage

    def older_than(self, int64_t age_ns, Py_ssize_t count_max, int64_t at_ns=0):
        """List open orders older than ``age_ns``, the oldest first: id, stage and age."""
        cdef PyObject *order = self.head
        cdef int64_t age
        at_ns = at_ns or now_ns()
        found = []
        while order != NULL and len(found) < count_max:
            age = at_ns - (<Order>order).began_ns
            if age <= age_ns:
                break
            found.append(((<Order>order).order_id, (<Order>order).stage, age))
            order = (<Order>order).newer
        return found

    def count_older_than(self, int64_t age_ns, int64_t at_ns=0):
        """How many open orders are older than ``age_ns``."""
        cdef PyObject *order = self.head
        cdef Py_ssize_t count = 0
        at_ns = at_ns or now_ns()
        while order != NULL and at_ns - (<Order>order).began_ns > age_ns:
            count += 1
            order = (<Order>order).newer
        return count
