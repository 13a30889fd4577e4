"""
The functions of PromQL: what they take and what they give.

The table is Prometheus 3.14's. Where ``variadic`` is not zero the last argument may be left out, or
be given up to that many times; -1 stands for any number of times.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ValueType(StrEnum):
    """What an expression evaluates to."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def title(self) -> str:  # type: ignore[override] # the word for people, not str.title
        """The name that error messages use."""
        return _TITLES[self]


_TITLES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "instant vector",
    ValueType.MATRIX: "range vector",
    ValueType.STRING: "string",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """One function."""

    name: str
    takes: tuple[ValueType, ...]
    returns: ValueType = ValueType.VECTOR
    variadic: int = 0
    experimental: bool = False

    @property
    def arguments_min(self) -> int:
        """The fewest arguments that a call needs."""
        return len(self.takes) - (self.variadic != 0)

    @property
    def arguments_max(self) -> int | None:
        """The most arguments that a call takes; None for any number."""
        return None if self.variadic < 0 else self.arguments_min + self.variadic

    def argument_type(self, index: int) -> ValueType:
        """Return the type that argument ``index`` has to have."""
        return self.takes[min(index, len(self.takes) - 1)]


_SCALAR: Final = ValueType.SCALAR
_VECTOR: Final = ValueType.VECTOR
_MATRIX: Final = ValueType.MATRIX
_STRING: Final = ValueType.STRING

_OF_VECTOR: Final = """
    abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg
    histogram_count histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh
    sort sort_desc sqrt tan tanh timestamp
"""
_OF_MATRIX: Final = """
    absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta
    increase irate last_over_time max_over_time min_over_time present_over_time rate resets
    stddev_over_time stdvar_over_time sum_over_time
"""
_OF_MATRIX_EXPERIMENTAL: Final = """
    mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time
    ts_of_min_over_time
"""
_OF_TIME: Final = "day_of_month day_of_week day_of_year days_in_month hour minute month year"
_OF_QUERY_EXPERIMENTAL: Final = "end range start step"

_ALL: Final = (
    *(Signature(name, (_VECTOR,)) for name in _OF_VECTOR.split()),
    *(Signature(name, (_MATRIX,)) for name in _OF_MATRIX.split()),
    *(Signature(name, (_MATRIX,), experimental=True) for name in _OF_MATRIX_EXPERIMENTAL.split()),
    *(Signature(name, (_VECTOR,), variadic=1) for name in _OF_TIME.split()),
    *(Signature(name, (), _SCALAR, experimental=True) for name in _OF_QUERY_EXPERIMENTAL.split()),
    Signature("clamp", (_VECTOR, _SCALAR, _SCALAR)),
    Signature("clamp_max", (_VECTOR, _SCALAR)),
    Signature("clamp_min", (_VECTOR, _SCALAR)),
    Signature("double_exponential_smoothing", (_MATRIX, _SCALAR, _SCALAR), experimental=True),
    Signature("histogram_fraction", (_SCALAR, _SCALAR, _VECTOR)),
    Signature("histogram_quantile", (_SCALAR, _VECTOR)),
    Signature(
        "histogram_quantiles",
        (_VECTOR, _STRING, _SCALAR, _SCALAR),
        variadic=9,
        experimental=True,
    ),
    Signature("info", (_VECTOR, _VECTOR), variadic=1, experimental=True),
    Signature("label_join", (_VECTOR, _STRING, _STRING, _STRING), variadic=-1),
    Signature("label_replace", (_VECTOR, _STRING, _STRING, _STRING, _STRING)),
    Signature("max_of", (_SCALAR, _SCALAR), _SCALAR, experimental=True),
    Signature("min_of", (_SCALAR, _SCALAR), _SCALAR, experimental=True),
    Signature("pi", (), _SCALAR),
    Signature("predict_linear", (_MATRIX, _SCALAR)),
    Signature("quantile_over_time", (_SCALAR, _MATRIX)),
    Signature("round", (_VECTOR, _SCALAR), variadic=1),
    Signature("scalar", (_VECTOR,), _SCALAR),
    Signature("sort_by_label", (_VECTOR, _STRING), variadic=-1, experimental=True),
    Signature("sort_by_label_desc", (_VECTOR, _STRING), variadic=-1, experimental=True),
    Signature("start_timestamp", (_VECTOR,), experimental=True),
    Signature("time", (), _SCALAR),
    Signature("vector", (_SCALAR,)),
)

SIGNATURES: Final = {signature.name: signature for signature in _ALL}
