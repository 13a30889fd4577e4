"""
XOR chunks, compiled where possible.

``decode_xor(data)`` reads the times and values of a chunk (after its length and encoding, before
its checksum); raises ``ValueError`` where the bits end too early.
"""

from typing import TYPE_CHECKING

from tapewatch.model.compiled import twin

if TYPE_CHECKING:
    from tapewatch.metrics.imports.tsdb.xor_pure import decode_xor
else:
    decode_xor = twin("tapewatch.metrics.imports.tsdb.xor").decode_xor

__all__ = ["decode_xor"]
