"""Hashes of label sets and frames: the compiled twin beside the pure one."""

import os

from bench.harness import Outcome, Row, Scale, time_each
from tapewatch.model import hashing_pure
from tapewatch.model.compiled import twin

QUESTION = "What does hashing one label set, and checking one 64 KB frame, cost?"


def run(scale: Scale) -> Outcome:
    """Hash the same bytes with both twins."""
    calls, repeats = (2_000, 15) if scale is Scale.FULL else (2, 1)
    fast = twin("tapewatch.model.hashing")
    labels = (
        b"__name__\xfforders_total\xffvenue\xffbinance\xffsymbol\xffBTCUSDT\xfftype\xfflimit\xff"
    )
    frame = os.urandom(65_536)
    assert fast.xxhash64(labels) == hashing_pure.xxhash64(labels)
    assert fast.crc32c(frame) == hashing_pure.crc32c(frame)

    def hash_with(module):
        return lambda: [module.xxhash64(labels) for _ in range(calls)]

    ours, pure = time_each(hash_with(fast), hash_with(hashing_pure), repeats=repeats)
    check, slow_check = time_each(
        lambda: [fast.crc32c(frame) for _ in range(10)],
        lambda: hashing_pure.crc32c(frame),
        repeats=repeats,
    )
    return Outcome(
        [
            Row("label set, 64 bytes", ours.median / calls * 1e9, "ns", pure.median / calls * 1e9),
            Row("frame, 64 KB", check.median / 10 * 1e6, "us", slow_check.median * 1e6),
        ],
        peer="the pure twin",
    )
