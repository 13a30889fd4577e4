"""How well a name fits what somebody types, compiled where possible."""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.metrics.scoring_pure import jaro_winkler_score, subsequence_score
else:
    _twin = twin("tapewatch.metrics.scoring")
    jaro_winkler_score = _twin.jaro_winkler_score
    subsequence_score = _twin.subsequence_score

__all__ = ["jaro_winkler_score", "subsequence_score"]
