"""Series whose value is text: notes that are replaced, and infos that say what runs."""

import time
from collections.abc import Callable
from typing import Final

from tapewatch.model.labels import is_plain_label_name
from tapewatch.sdk.region.cells import Memory
from tapewatch.sdk.region.layout import NOTE, Drop, text_field
from tapewatch.sdk.region.region import Pairs, SeriesPlace
from tapewatch.sdk.registry import Registry

_TEXT: Final = NOTE.field("text")
_READS_MAX: Final = 100


class NoteHandle:
    """One text in the region: who tripped a switch, and why. Another process may write it."""

    __slots__ = ("_at", "_memory")

    def __init__(self, memory: Memory, offset: int) -> None:
        self._memory = memory
        self._at = offset

    def set(self, text: str) -> None:
        """Put ``text``, cut to 232 bytes, in the place of the one before."""
        try:
            data = text_field(text, _TEXT.size)
        except AttributeError:
            self._memory.drop(Drop.BAD_TEXT)
            return
        memory, at = self._memory, self._at
        sequence = memory.load(at) | 1
        memory.store(at, sequence)
        memory.store(at + NOTE.offset("realtime_ns"), time.time_ns())
        memory.store(at + NOTE.offset("length"), len(data))
        memory.write(at + _TEXT.offset, data)
        memory.store(at, sequence + 1)

    @property
    def text(self) -> str:
        """The text of now; one that is amid being written for too long is taken as it is."""
        for _ in range(_READS_MAX):
            before = self._memory.load(self._at)
            length = self._memory.load(self._at + NOTE.offset("length"))
            data = self._memory.read(self._at + _TEXT.offset, min(length, _TEXT.size))
            if before % 2 == 0 and self._memory.load(self._at) == before:
                break
        return data.decode("utf-8", "replace")


class InfoHandle:
    """One series of an info, whose further labels are its value."""

    def __init__(
        self, registry: Registry, own: Pairs, add: Callable[[Pairs], SeriesPlace | None]
    ) -> None:
        self._registry = registry
        self._own = own
        self._add = add
        self._known: dict[Pairs, SeriesPlace] = {}
        self._present: SeriesPlace | None = None

    def set(self, **texts: object) -> None:
        """Say these texts instead of those before."""
        taken = {name for name, _ in self._own}
        if any(not is_plain_label_name(name) or name in taken for name in texts):
            self._registry.region.memory.drop(Drop.BAD_LABELS)
            return
        told = tuple((name, str(text)) for name, text in sorted(texts.items()))
        with self._registry.lock:
            self._replace((*self._own, *told))

    def clear(self) -> None:
        """Say nothing any more."""
        with self._registry.lock:
            if self._present is not None:
                self._registry.region.remove(self._present)
                self._present = None

    def _replace(self, pairs: Pairs) -> None:
        region = self._registry.region
        place = self._known.get(pairs)
        if place is not None and place is self._present:
            return
        if self._present is not None:
            region.remove(self._present)
        if place is None:
            place = self._add(pairs)
        else:
            region.restore(place)
        self._present = place
        if place is not None:
            self._known[pairs] = place
            region.memory.store_double(place.value, 1.0)
