"""
The three hashes that other systems can see.

* ``xxhash64``: series identity as Prometheus' stable label hash has it.
* ``fnv1a64``: what alert fingerprints are made of; ``fingerprint`` gives one as Alertmanager
  prints it.
* ``crc32c``: the check of every frame and segment on disk.
"""

from collections.abc import Callable

from tapewatch.model.compiled import twin

_twin = twin("tapewatch.model.hashing")

xxhash64: Callable[[bytes], int] = _twin.xxhash64
fnv1a64: Callable[[bytes], int] = _twin.fnv1a64
fingerprint: Callable[[tuple[tuple[str, str], ...]], str] = _twin.fingerprint
crc32c: Callable[..., int] = _twin.crc32c
