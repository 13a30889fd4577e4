"""What one service knows of the desk's trading: orders that ended, and the book they lead to."""

from dataclasses import dataclass, field

from tapewatch.floor.messages import Order


@dataclass(slots=True)
class Book:
    """What is held of each symbol, at what price it was bought, and what was earned."""

    quantities: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    realized: dict[str, float] = field(default_factory=dict)

    def fill(self, symbol: str, quantity: float, price: float) -> None:
        """Take in a fill; a sale has a quantity below zero."""
        held, cost = self.quantities.get(symbol, 0.0), self.costs.get(symbol, price)
        closing = min(abs(quantity), abs(held)) if held * quantity < 0 else 0.0
        sign = 1 if held > 0 else -1
        earned = closing * (price - cost) * sign
        self.realized[symbol] = self.realized.get(symbol, 0.0) + earned
        left = held + quantity
        if closing == 0 and left:
            self.costs[symbol] = (held * cost + quantity * price) / left
        elif held * left < 0:
            self.costs[symbol] = price
        self.quantities[symbol] = left if abs(left) * price > 1e-6 else 0.0

    def unrealized(self, symbol: str, price: float) -> float:
        """What closing a position now would bring."""
        return self.quantities.get(symbol, 0.0) * (price - self.costs.get(symbol, price))


@dataclass(slots=True)
class Trading:
    """The trading of a desk, as far as one service has heard of it."""

    strategies: tuple[str, ...]
    book: Book = field(default_factory=Book)
    orders: list[Order] = field(default_factory=list)
    """Orders whose end was told of in this step."""

    def hear(self, order: Order) -> None:
        """Take in a report; only an end moves the book."""
        if order.state != order.end:
            return
        self.orders.append(order)
        if order.filled:
            self.book.fill(order.symbol, order.signed, order.paid)
