"""
Finding names while somebody types them: which fit, how well, and in which order.

Letters may be left out (``subsequence``) or mistaken (``jarowinkler``); a name that begins with
what was typed always fits best.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from tapewatch.metrics.scoring import jaro_winkler_score, subsequence_score

BEST: Final = 1.0
INSIDE: Final = 0.9
"""What a name is worth that has the typed text somewhere inside."""


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

    def find(self, names: Iterable[str]) -> list[Hit]:
        """Return the names that fit, in order."""
        scorers = [self._scorer(term) for term in self.terms]
        hits = [
            Hit(name, score) for name in names if (score := self._best(name, scorers)) is not None
        ]
        if self.order is Order.BY_SCORE:
            return sorted(hits, key=lambda hit: (-hit.score, hit.name))
        return sorted(hits, key=lambda hit: hit.name, reverse=self.order is Order.FALLING)

    def _best(self, name: str, scorers: list["Scorer"]) -> float | None:
        if not scorers:
            return BEST
        text = name if self.case_sensitive else name.lower()
        scores = [score for scorer in scorers if (score := scorer(text)) is not None]
        return max(scores, default=None)

    def _scorer(self, term: str) -> "Scorer":
        typed = term if self.case_sensitive else term.lower()
        if self.algorithm is Algorithm.SUBSEQUENCE:
            return lambda text: _by_subsequence(typed, text, self.threshold)
        return lambda text: _by_likeness(typed, text, self.threshold)


Scorer = Callable[[str], float | None]


def _by_subsequence(typed: str, text: str, threshold: float) -> float | None:
    if text.startswith(typed):
        return BEST
    score = subsequence_score(typed, text)
    return score if score > 0 and score >= threshold else None


def _by_likeness(typed: str, text: str, threshold: float) -> float | None:
    if typed in text:
        return BEST if text.startswith(typed) else INSIDE
    if not threshold:
        return None
    score = jaro_winkler_score(typed, text)
    return score if score >= threshold else None
