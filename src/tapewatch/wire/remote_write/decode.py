"""The decoder of write requests, compiled where possible."""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.wire.remote_write.decode_pure import WriteDecoder
else:
    WriteDecoder = twin("tapewatch.wire.remote_write.decode").WriteDecoder

__all__ = ["WriteDecoder"]
