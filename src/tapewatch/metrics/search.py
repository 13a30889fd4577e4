"""
Finding names while somebody types them: which fit, how well, and in which order.

Letters may be left out (``subsequence``) or mistaken (``jarowinkler``); a name that begins with
what was typed always fits best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from tapewatch.metrics.scoring import likeness_fits, subsequence_fits

BEST: Final = 1.0


class Algorithm(StrEnum):
    """How a name may differ from what was typed."""

    SUBSEQUENCE = "subsequence"
    JARO_WINKLER = "jarowinkler"


class Order(StrEnum):
    """How found names are ordered."""

    RISING = "rising"
    FALLING = "falling"
    BY_SCORE = "score"


class Hit(NamedTuple):
    """A name that fits, and how well (0 to 1)."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: a name has to fit one of the terms; without any, every name fits."""

    terms: tuple[str, ...] = ()
    algorithm: Algorithm = Algorithm.SUBSEQUENCE
    threshold: float = 0.0
    case_sensitive: bool = True
    order: Order = Order.RISING

    def find(self, names: Sequence[str]) -> list[Hit]:
        """Return the names that fit, in order."""
        hits = [Hit(*each) for each in zip(names, self._scores(names), strict=True) if each[1]]
        if self.order is Order.BY_SCORE:
            return sorted(hits, key=lambda hit: (-hit.score, hit.name))
        return sorted(hits, reverse=self.order is Order.FALLING)

    def _scores(self, names: Sequence[str]) -> Sequence[float]:
        if not self.terms:
            return [BEST] * len(names)
        fits = subsequence_fits if self.algorithm is Algorithm.SUBSEQUENCE else likeness_fits
        texts = names if self.case_sensitive else [name.lower() for name in names]
        terms = self.terms if self.case_sensitive else [term.lower() for term in self.terms]
        by_term = [fits(term, texts, self.threshold) for term in terms]
        return (
            by_term[0] if len(by_term) == 1 else [max(each) for each in zip(*by_term, strict=True)]
        )
