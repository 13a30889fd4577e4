"""Parts of dates: seconds since 1970 in, a part of the day or the year in UTC out."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.promql.functions.vectors import (
    Arguments,
    Site,
    VectorFunction,
    of_floats,
    vector_argument,
)
from tapewatch.metrics.promql.matrix import Matrix
from tapewatch.metrics.selection import EMPTY_SET, Floats

Days = NDArray[np.datetime64]
Whole = NDArray[np.int64]
_DAY_S: Final = 86_400
# Beyond these no date has a year that 64 bits of seconds could count.
_SECONDS_MAX: Final = 2.0**62


def _of_dates(part: Callable[[Whole], Whole]) -> VectorFunction:
    def change(values: Floats) -> Floats:
        known = np.abs(values) < _SECONDS_MAX
        seconds = np.where(known, values, -(2.0**63)).astype(np.int64)
        return part(seconds).astype(np.float64)

    def function(site: Site, arguments: Arguments) -> Matrix:
        if not arguments:
            return Matrix(EMPTY_SET, change(np.floor(site.steps.seconds)).reshape(1, -1))
        return of_floats(vector_argument(arguments, 0), change, site.run)

    return function


def _days(seconds: Whole) -> Days:
    days: Days = np.floor_divide(seconds, _DAY_S).astype("datetime64[D]")
    return days


def _within(days: Days, unit: str) -> Whole:
    begun = days.astype(f"datetime64[{unit}]").astype("datetime64[D]")
    within: Whole = (days - begun).astype(np.int64) + 1
    return within


def _months(seconds: Whole) -> Whole:
    return _days(seconds).astype("datetime64[M]").astype(np.int64)


def _days_in_month(seconds: Whole) -> Whole:
    months = _days(seconds).astype("datetime64[M]")
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    length: Whole = (following - months.astype("datetime64[D]")).astype(np.int64)
    return length


DATE_FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    "day_of_month": _of_dates(lambda seconds: _within(_days(seconds), "M")),
    # The first of January 1970 was a Thursday.
    "day_of_week": _of_dates(lambda seconds: (np.floor_divide(seconds, _DAY_S) + 4) % 7),
    "day_of_year": _of_dates(lambda seconds: _within(_days(seconds), "Y")),
    "days_in_month": _of_dates(_days_in_month),
    "hour": _of_dates(lambda seconds: seconds % _DAY_S // 3600),
    "minute": _of_dates(lambda seconds: seconds % 3600 // 60),
    "month": _of_dates(lambda seconds: _months(seconds) % 12 + 1),
    "year": _of_dates(lambda seconds: np.floor_divide(_months(seconds), 12) + 1970),
}
