"""What a service that reads feeds tells besides what the SDK's feeds and sessions tell."""

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene


def market_data(numbers: Numbers, scene: Scene) -> None:
    """Tell which books are crossed."""
    for venue, symbol in scene.market.places:
        crossed = float((venue, symbol) in scene.crossed)
        numbers.put("venue_book_crossed", crossed, venue=venue, symbol=symbol)
