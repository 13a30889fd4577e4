"""Exemplars: the newest ones of all series, in one ring."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.model.samples import Exemplar


class Exemplars:
    """A ring of exemplars; the oldest ones give way."""

    def __init__(self, count_max: int) -> None:
        self._ring: deque[tuple[Labels, Exemplar]] = deque(maxlen=count_max)
        self._newest: dict[Labels, Exemplar] = {}
        self.added = 0

    def __len__(self) -> int:
        return len(self._ring)

    def add(self, labels: Labels, exemplar: Exemplar) -> bool:
        """Keep an exemplar; one that its series repeats, or that is older, is left out."""
        newest = self._newest.get(labels)
        if newest is not None and not _follows(exemplar, newest):
            return False
        if len(self._newest) > 2 * (self._ring.maxlen or 1):
            self._newest = dict(self._ring)
        self._newest[labels] = exemplar
        self._ring.append((labels, exemplar))
        self.added += 1
        return True

    def select(
        self, selectors: Iterable[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> Iterator[tuple[Labels, list[Exemplar]]]:
        """Yield each series that passes one of the selectors with its exemplars in the range."""
        wanted = [tuple(matchers) for matchers in selectors]
        found: dict[Labels, list[Exemplar]] = {}
        for labels, exemplar in self._ring:
            if start_ms <= (exemplar.timestamp_ms or 0) <= end_ms and (
                labels in found or any(match_all(matchers, labels) for matchers in wanted)
            ):
                found.setdefault(labels, []).append(exemplar)
        yield from sorted(found.items())


def _follows(exemplar: Exemplar, newest: Exemplar) -> bool:
    if exemplar.labels == newest.labels and exemplar.value == newest.value:
        return False
    return (exemplar.timestamp_ms or 0) > (newest.timestamp_ms or 0)
