"""How large a floor is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Symbols and venues of each desk, and what happens there in a second."""

    symbols: int = 12
    venues: int = 3
    messages_per_second: float = 1000.0
    orders_per_second: float = 4.0
