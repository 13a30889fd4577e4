"""
The open orders of one venue and strategy: what runs in the trading path.

``orders_pure.py`` says what each method means.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.sdk.trading.orders_pure import Orders
else:
    Orders = twin("tapewatch.sdk.trading.orders").Orders

__all__ = ["Orders"]
