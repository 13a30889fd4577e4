"""The readable twin of ``hashing_fast.pyx``."""

from typing import Final

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_PRIME_1: Final = 0x9E37_79B1_85EB_CA87
_PRIME_2: Final = 0xC2B2_AE3D_27D4_EB4F
_PRIME_3: Final = 0x1656_67B1_9E37_79F9
_PRIME_4: Final = 0x85EB_CA77_C2B2_AE63
_PRIME_5: Final = 0x27D4_EB2F_1656_67C5

_FNV_OFFSET: Final = 0xCBF2_9CE4_8422_2325
_FNV_PRIME: Final = 0x0000_0100_0000_01B3

_CASTAGNOLI: Final = 0x82F6_3B78


def xxhash64(data: bytes) -> int:
    """Hash ``data`` with xxHash64, seed 0."""
    offset = 0
    if len(data) >= 32:
        lanes = [(_PRIME_1 + _PRIME_2) & _MASK, _PRIME_2, 0, -_PRIME_1 & _MASK]
        while offset + 32 <= len(data):
            for lane in range(4):
                lanes[lane] = _round(lanes[lane], _word(data, offset + 8 * lane, 8))
            offset += 32
        total = sum(_rotate(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True))
        total &= _MASK
        for lane in lanes:
            total = ((total ^ _round(0, lane)) * _PRIME_1 + _PRIME_4) & _MASK
    else:
        total = _PRIME_5
    total = (total + len(data)) & _MASK
    return _avalanche(_tail(total, data, offset))


def fnv1a64(data: bytes) -> int:
    """Hash ``data`` with the 64-bit FNV-1a."""
    total = _FNV_OFFSET
    for byte in data:
        total = ((total ^ byte) * _FNV_PRIME) & _MASK
    return total


def fingerprint(pairs: tuple[tuple[str, str], ...]) -> str:
    """Write the FNV-1a of every name and value, each ended by a byte that no UTF-8 has."""
    parts = [part.encode() + b"\xff" for pair in pairs for part in pair]
    return f"{fnv1a64(b''.join(parts)):016x}"


def crc32c(data: bytes, seed: int = 0) -> int:
    """Checksum ``data`` with CRC32C (Castagnoli); ``seed`` is the checksum of what came before."""
    register = seed ^ 0xFFFF_FFFF
    for byte in memoryview(data).cast("B"):
        register = _CRC_TABLE[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ 0xFFFF_FFFF


def _tail(total: int, data: bytes, offset: int) -> int:
    while offset + 8 <= len(data):
        total ^= _round(0, _word(data, offset, 8))
        total = (_rotate(total, 27) * _PRIME_1 + _PRIME_4) & _MASK
        offset += 8
    if offset + 4 <= len(data):
        total ^= (_word(data, offset, 4) * _PRIME_1) & _MASK
        total = (_rotate(total, 23) * _PRIME_2 + _PRIME_3) & _MASK
        offset += 4
    for byte in data[offset:]:
        total ^= (byte * _PRIME_5) & _MASK
        total = (_rotate(total, 11) * _PRIME_1) & _MASK
    return total


def _avalanche(total: int) -> int:
    total = ((total ^ (total >> 33)) * _PRIME_2) & _MASK
    total = ((total ^ (total >> 29)) * _PRIME_3) & _MASK
    return total ^ (total >> 32)


def _round(lane: int, word: int) -> int:
    return (_rotate((lane + word * _PRIME_2) & _MASK, 31) * _PRIME_1) & _MASK


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK


def _word(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "little")


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = (register >> 1) ^ (_CASTAGNOLI if register & 1 else 0)
        table.append(register)
    return table


_CRC_TABLE: Final = _crc_table()
