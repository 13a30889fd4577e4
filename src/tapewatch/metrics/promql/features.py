"""The parts of PromQL that are switched on and off, as Prometheus 3.14 has them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Features:
    """What the parser accepts beside the stable language; the defaults are Prometheus'."""

    experimental_functions: bool = False
    duration_expressions: bool = True
    extended_range_selectors: bool = False
    binop_fill: bool = False


STABLE: Final = Features()
EVERYTHING: Final = Features(
    experimental_functions=True, extended_range_selectors=True, binop_fill=True
)
