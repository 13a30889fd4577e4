"""How well names fit what somebody types, compiled where possible."""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.metrics.scoring_pure import likeness_fits, subsequence_fits
else:
    _twin = twin("tapewatch.metrics.scoring")
    likeness_fits = _twin.likeness_fits
    subsequence_fits = _twin.subsequence_fits

__all__ = ["likeness_fits", "subsequence_fits"]
