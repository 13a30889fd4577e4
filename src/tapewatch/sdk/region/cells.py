"""
The cells of a region and their handles: compiled where it was compiled.

``cells_pure.py`` says what each class means. Compiled code takes the same classes, and their
inlined operations, from ``cells_fast.pxd``.

An interpreter beside the main one cannot load compiled code of this kind; it gets the readable
twin, and so a region of its own.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.sdk.region.cells_pure import (
        GUARDED,
        Bindable,
        ClassicHandle,
        CounterHandle,
        GaugeHandle,
        HistogramHandle,
        Memory,
        Ring,
        StateHandle,
        Timing,
        clock_ns,
        keep_exemplar,
    )
else:
    _twin = twin("tapewatch.sdk.region.cells")
    GUARDED = _twin.GUARDED
    Bindable = _twin.Bindable
    ClassicHandle = _twin.ClassicHandle
    CounterHandle = _twin.CounterHandle
    GaugeHandle = _twin.GaugeHandle
    HistogramHandle = _twin.HistogramHandle
    Memory = _twin.Memory
    Ring = _twin.Ring
    StateHandle = _twin.StateHandle
    Timing = _twin.Timing
    clock_ns = _twin.clock_ns
    keep_exemplar = _twin.keep_exemplar

__all__ = [
    "GUARDED",
    "Bindable",
    "ClassicHandle",
    "CounterHandle",
    "GaugeHandle",
    "HistogramHandle",
    "Memory",
    "Ring",
    "StateHandle",
    "Timing",
    "clock_ns",
    "keep_exemplar",
]
