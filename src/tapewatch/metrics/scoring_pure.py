"""The readable twin of ``scoring_fast.pyx``."""

from collections.abc import Sequence
from itertools import accumulate, takewhile

BEST = 1.0
INSIDE = 0.9
"""What a text is worth that has the typed one somewhere inside."""
MISFIT = 0.0
PREFIX_MAX = 4
PREFIX_WEIGHT = 0.1


def subsequence_fits(typed: str, texts: Sequence[str], threshold: float) -> list[float]:
    """Score texts that may leave letters between those of ``typed``; 0 is a text that misfits."""
    scores = [_subsequence_fit(typed, text) for text in texts]
    return [score if score >= threshold else MISFIT for score in scores]


def likeness_fits(typed: str, texts: Sequence[str], threshold: float) -> list[float]:
    """Score texts that have ``typed`` inside or, above a threshold that is not 0, are like it."""
    return [_likeness_fit(typed, text, threshold) for text in texts]


def _subsequence_fit(typed: str, text: str) -> float:
    return BEST if text.startswith(typed) else subsequence_score(typed, text)


def _likeness_fit(typed: str, text: str, threshold: float) -> float:
    if typed in text:
        return BEST if text.startswith(typed) else INSIDE
    score = jaro_winkler_score(typed, text) if threshold else MISFIT
    return score if score >= threshold else MISFIT


def subsequence_score(pattern: str, text: str) -> float:
    """
    Say how well the letters of ``pattern`` stand in ``text``, in order: 1 is the same, 0 no match.

    Each run of neighbouring letters counts its length squared; letters left out before and between
    the runs cost, those after the last run half as much. Every place where the first letter stands
    is tried as a beginning, and from there the nearest letters are taken.
    """
    if not pattern or pattern == text:
        return 1.0
    best = -1.0
    begin = text.find(pattern[0])
    while begin >= 0 and begin + len(pattern) <= len(text):
        score = _score_from(pattern, text, begin)
        if score is None:
            break  # What cannot be completed from here cannot be from any later place.
        best = max(best, score)
        begin = text.find(pattern[0], begin + 1)
    return max(best, 0.0) / len(pattern) ** 2


def _score_from(pattern: str, text: str, begin: int) -> float | None:
    score, end, at = 0.0, 0, begin
    done = 0
    while done < len(pattern):
        at = text.find(pattern[done], at)
        if at < 0:
            return None
        run = _run_length(pattern, text, done, at)
        score += run * run - (at - end) / len(text)
        done += run
        at = end = at + run
    return score - (len(text) - end) / len(text) * 0.5


def _run_length(pattern: str, text: str, done: int, at: int) -> int:
    pairs = zip(pattern[done:], text[at:], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def jaro_winkler_score(first: str, second: str) -> float:
    """
    Say how alike two texts are, by Jaro's measure with Winkler's bonus for a common beginning.

    Letters match when they are equal and not further apart than half of the longer text; matched
    letters in another order are transpositions, each of which counts half.
    """
    if first == second:
        return 1.0
    if not first or not second:
        return 0.0
    short, long = sorted((first, second), key=len)
    pairs = _matches(short, long)
    if not pairs:
        return 0.0
    in_order = sorted(place for _, place in pairs)
    swapped = sum(
        short[own] != long[place] for (own, _), place in zip(pairs, in_order, strict=True)
    )
    count = len(pairs)
    jaro = (count / len(short) + count / len(long) + (count - swapped * 0.5) / count) / 3
    prefix = sum(accumulate((a == b for a, b in zip(short[:PREFIX_MAX], long, strict=False)), min))
    return jaro + prefix * PREFIX_WEIGHT * (1 - jaro)


def _matches(short: str, long: str) -> list[tuple[int, int]]:
    reach = max(len(long) // 2 - 1, 0)
    free = [True] * len(long)
    pairs = []
    for own, letter in enumerate(short):
        for place in range(max(own - reach, 0), min(own + reach + 1, len(long))):
            if free[place] and long[place] == letter:
                free[place] = False
                pairs.append((own, place))
                break
    return pairs
