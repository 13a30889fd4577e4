"""
What a feed does for every message: what runs in the path of market data.

``stream_pure.py`` says what each method means.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.sdk.trading.stream_pure import Stream
else:
    Stream = twin("tapewatch.sdk.trading.stream").Stream

__all__ = ["Stream"]
