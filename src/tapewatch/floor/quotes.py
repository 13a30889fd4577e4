"""What one service knows of the market, from the messages that reached it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Quotes:
    """Prices, and how much came of each feed in this step."""

    symbols: tuple[str, ...]
    venues: tuple[str, ...]
    prices: dict[str, float]
    activity: float = 1.0
    messages: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every feed: each symbol at each venue."""
        return [(venue, symbol) for venue in self.venues for symbol in self.symbols]
