"""``info``: labels of info metrics, added to the series that they describe."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.matrix import Matrix, Steps
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.names import merge_same
from tapewatch.metrics.promql.operators.reference import Reference
from tapewatch.metrics.promql.operators.selectors import Selector, TimeSelector
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Floats, LabelSets, Mask
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher, MatchKind, named

IDENTIFYING: Final = ("instance", "job")
_DEFAULT: Final = (named("target_info"),)
_ANY_INFO: Final = (Matcher(MatchKind.REGEX, METRIC_NAME, ".+_info"),)
_META: Final = frozenset("\\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True, eq=False)
class _Infos:
    """The info series: when each was last seen, by step."""

    labels: LabelSets
    seen_s: Floats
    present: Mask


class InfoOperator(Operator):
    """A vector with the labels of the info series that share its identifying labels."""

    __slots__ = ("matchers", "reference")

    def __init__(
        self, span: Span, inner: Operator, matchers: Sequence[Matcher], reference: Reference
    ) -> None:
        super().__init__(span, inner)
        self.matchers = tuple(matchers)
        self.reference = reference

    @property
    def name_matchers(self) -> tuple[Matcher, ...]:
        """The matchers that say which metrics are info metrics."""
        given = tuple(one for one in self.matchers if one.name == METRIC_NAME)
        if given and all(one.kind.negative for one in given):
            return (*_ANY_INFO, *given)
        return given or _DEFAULT

    @property
    def data_matchers(self) -> tuple[Matcher, ...]:
        """The matchers that say which labels to add."""
        return tuple(one for one in self.matchers if one.name != METRIC_NAME)

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Find the info series and join their labels step by step."""
        base = self.children[0].matrix(run, steps)
        names = self.name_matchers
        described = [
            not all(matcher.matches(labels.name) for matcher in names) for labels in base.labels
        ]
        infos = self._fetch(base, described, run, steps)
        pieces: list[tuple[Labels, int, Mask]] = []
        for row, own in enumerate(base.labels):
            here = base.mask[row]
            if described[row]:
                pieces.extend(self._enriched(own, row, here, infos))
            else:
                pieces.append((own, row, here))
        rows = np.array([row for _, row, _ in pieces], dtype=np.intp)
        masks = np.array([mask for _, _, mask in pieces], dtype=np.bool_)
        return merge_same(
            replace(
                base.take(rows),
                labels=LabelSets(own for own, _, _ in pieces),
                present=masks.reshape(rows.size, steps.count),
            )
        )

    def _fetch(self, base: Matrix, described: Sequence[bool], run: Run, steps: Steps) -> _Infos:
        rows = [labels for labels, wanted in zip(base.labels, described, strict=True) if wanted]
        matchers = [*self.name_matchers, *self.data_matchers]
        identified = False
        for name in IDENTIFYING:
            values = sorted({labels.get(name) for labels in rows} - {""})
            if values:
                identified = True
                pattern = "|".join(_quoted(value) for value in values)
                matchers.append(Matcher(MatchKind.REGEX, name, pattern))
        if not identified:
            nothing = np.zeros((0, steps.count), dtype=np.bool_)
            return _Infos(LabelSets(()), np.empty((0, steps.count)), nothing)
        selector = TimeSelector(self.span, matchers, self.reference)
        _refuse_histograms(selector, run, steps)
        matrix = selector.matrix(run, steps)
        return _Infos(matrix.labels, matrix.values, matrix.mask)

    def _enriched(
        self, labels: Labels, row: int, present: Mask, infos: _Infos
    ) -> Iterable[tuple[Labels, int, Mask]]:
        """Yield the label sets that a series has over time, and when it has them."""
        key = labels.keep(IDENTIFYING)
        mates: dict[str, list[int]] = {}
        for index, info in enumerate(infos.labels):
            if info.keep(IDENTIFYING) == key:
                mates.setdefault(info.name, []).append(index)
        chosen = {name: _newest(rows, infos) for name, rows in mates.items()}
        by_labels: dict[Labels, Mask] = {}
        for step in np.flatnonzero(present).tolist():
            found = [picked[step] for picked in chosen.values() if picked[step] >= 0]
            if not found and not all(one.matches_empty for one in self.data_matchers):
                continue
            added = self._added_labels(labels, [infos.labels[index] for index in found])
            mask = by_labels.setdefault(labels.replace(added), np.zeros_like(present))
            mask[step] = True
        return [(own, row, mask) for own, mask in by_labels.items()]

    def _added_labels(self, base: Labels, infos: Sequence[Labels]) -> dict[str, str]:
        wanted = {one.name for one in self.data_matchers}
        added: dict[str, str] = {}
        for info in infos:
            for name, value in info:
                if name == METRIC_NAME or (wanted and name not in wanted):
                    continue
                if added.get(name, value) != value:
                    raise QueryFailed(f"conflicting label: {name}")
                if not base.get(name):
                    added[name] = value
        return added

    def describe(self) -> str:
        """Say what is added."""
        shown = ", ".join(str(matcher) for matcher in self.matchers or _DEFAULT)
        return f"info from {{{shown}}}"


def _newest(rows: Sequence[int], infos: _Infos) -> list[int]:
    """Return for every step the info series that was seen last, -1 where there is none."""
    chosen: list[int] = []
    for step in range(infos.present.shape[1]):
        best = -1
        for row in rows:
            if not infos.present[row, step]:
                continue
            if best < 0 or infos.seen_s[row, step] > infos.seen_s[best, step]:
                best = row
            elif infos.seen_s[row, step] == infos.seen_s[best, step]:
                seen_ms = round(float(infos.seen_s[row, step]) * 1000)
                raise QueryFailed(
                    f"found duplicate series for info metric: existing {infos.labels[best]} "
                    f"@ {seen_ms}, new {infos.labels[row]} @ {seen_ms}"
                )
        chosen.append(best)
    return chosen


def _refuse_histograms(selector: TimeSelector, run: Run, steps: Steps) -> None:
    matrix = Selector(selector.span, selector.matchers, selector.reference).matrix(run, steps)
    rows = np.flatnonzero(matrix.histogram_mask.any(axis=1))
    if rows.size:
        labels = matrix.labels[int(rows[0])]
        raise QueryFailed(f"this should be an info metric, with float samples: {labels}")


def _quoted(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _META else letter for letter in text)
