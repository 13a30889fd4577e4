"""What the C library does with memory that was freed."""

import ctypes
from functools import cache
from typing import Any, Final

MiB: Final = 1024 * 1024
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Numbers of the switches, as in glibc's malloc.h."""
MALLOC_SWITCHES: Final = (
    (M_ARENA_MAX, 1),
    (M_TRIM_THRESHOLD, 32 * MiB),
    (M_MMAP_THRESHOLD, 8 * MiB),
)


def keep_freed_memory() -> bool:
    """
    Let the C library keep some of the memory that is freed, for the matrices of the next query.

    Else it gives them back to the kernel, and fetching the pages anew took half of a wide query.
    One arena for all threads keeps what is held small. False where the library has no such switch.
    """
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    taken: list[int] = [mallopt(*switch) for switch in MALLOC_SWITCHES]
    return all(taken)


def release_freed_memory() -> bool:
    """
    Give freed memory back to the kernel, also what lies between pieces in use.

    For the end of large work: what a merge or a burst of new series has freed would else stay
    resident for good. It takes some milliseconds; False where the library cannot do it.
    """
    trim = _function("malloc_trim")
    return trim is not None and bool(trim(0))


@cache
def _function(name: str) -> Any:
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
