"""What the C library does with memory that was freed."""

import ctypes
from functools import cache
from typing import Any


def release_freed() -> bool:
    """
    Give freed memory back to the kernel, also what lies between pieces in use.

    For the end of large work: what a merge or a burst of new series has freed would else stay
    resident for good. It takes some milliseconds; False where the library cannot do it.
    """
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Any:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
