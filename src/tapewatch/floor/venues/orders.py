"""The orders that rest at a venue and those that ended, of every account, and what each holds."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

CASH: Final = 1_000_000.0
NEW: Final = "NEW"
FILLED: Final = "FILLED"
CANCELED: Final = "CANCELED"


@dataclass(frozen=True, slots=True)
class Order:
    """One order of one account."""

    number: int
    account: str
    name: str
    """What its owner calls it."""

    symbol: str
    side: str
    kind: str
    price: float
    quantity: float
    status: str
    at_ms: int

    @property
    def filled(self) -> float:
        """The quantity that was filled."""
        return self.quantity if self.status == FILLED else 0.0


@dataclass(slots=True)
class Account:
    """What one account holds, and its orders by their numbers."""

    cash: float = CASH
    held: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    orders: dict[int, Order] = field(default_factory=dict)

    def resting(self, symbol: str = "") -> list[Order]:
        """The orders that wait, of one symbol or of all."""
        return [
            each
            for each in self.orders.values()
            if each.status == NEW and symbol in ("", each.symbol)
        ]


class Ledger:
    """Every account of a venue."""

    def __init__(self) -> None:
        self.accounts: defaultdict[str, Account] = defaultdict(Account)
        self._number = 0

    def place(self, order: Order, market_price: float, *, waits: bool) -> Order:
        """Take an order: one at the market's price or better fills at once, others wait."""
        self._number += 1
        placed = replace(order, number=self._number, status=NEW)
        account = self.accounts[order.account]
        account.orders[placed.number] = placed
        return placed if waits else self.fill(placed, market_price)

    def fill(self, order: Order, price: float) -> Order:
        """Fill an order."""
        account, sign = self.accounts[order.account], 1 if order.side.lower() == "buy" else -1
        account.held[order.symbol] += sign * order.quantity
        account.cash -= sign * order.quantity * price
        filled = replace(order, status=FILLED, price=price)
        account.orders[order.number] = filled
        return filled

    def cancel(self, account: str, number: int) -> Order | None:
        """Cancel an order that waits; None where there is none."""
        order = self.accounts[account].orders.get(number)
        if order is None or order.status != NEW:
            return None
        canceled = replace(order, status=CANCELED)
        self.accounts[account].orders[number] = canceled
        return canceled

    def cross(self, symbol: str, price: float) -> list[Order]:
        """Fill what waits and has been reached by the price."""
        return [
            self.fill(order, order.price)
            for account in tuple(self.accounts.values())
            for order in account.resting(symbol)
            if reaches(order.side, order.price, price)
        ]


def reaches(side: str, price: float, market_price: float) -> bool:
    """Whether an order at a price trades at the market's."""
    return price >= market_price if side.lower() == "buy" else price <= market_price
