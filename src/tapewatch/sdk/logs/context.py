"""
What the code at hand is working on: an order, a venue, a symbol.

Fields are bound around a block and seen by everything it calls, in threads' and tasks' own copies,
so that a line deep in a library still says which order it belongs to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

Fields = Mapping[str, object]

_NOTHING: Final[Fields] = MappingProxyType({})
_fields: ContextVar[Fields] = ContextVar("tapewatch_fields", default=_NOTHING)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields for the length of a block: ``with bound(order_id="a1", venue="binance"):``."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def fields_now() -> Fields:
    """The fields that are bound here."""
    return _fields.get()
