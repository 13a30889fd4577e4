"""Messages without generated code: both readers, the writer, and broken bytes."""

import importlib
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.wire import protobuf_pure
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.protobuf import encode, sized
from tapewatch.wire.schema import Kind, Message, many, maybe, one, part, parts


def _twins() -> list[ModuleType]:
    try:
        return [protobuf_pure, importlib.import_module("tapewatch.wire.protobuf_fast")]
    except ModuleNotFoundError:
        return [protobuf_pure]


TWINS = _twins()
both = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition("_")[2])

LEAF = Message("Leaf", {"text": one(1, Kind.TEXT), "count": maybe(2, Kind.UINT)})
TREE = Message(
    "Tree",
    {
        "int": one(1, Kind.INT),
        "sint": one(2, Kind.SINT),
        "bool": one(3, Kind.BOOL),
        "double": one(4, Kind.DOUBLE),
        "fixed": one(5, Kind.FIXED64),
        "sfixed": one(6, Kind.SFIXED64),
        "float": one(7, Kind.FLOAT),
        "fixed32": one(8, Kind.FIXED32),
        "sfixed32": one(9, Kind.SFIXED32),
        "bytes": one(10, Kind.BYTES),
        "leaf": part(11, LEAF),
        "leaves": parts(12, LEAF),
        "ints": many(13, Kind.SINT),
        "doubles": many(16, Kind.DOUBLE),
        "texts": many(100, Kind.TEXT),
    },
)
signed = st.integers(-(2**63), 2**63 - 1)
leaves = st.fixed_dictionaries({"text": st.text(), "count": st.none() | st.integers(0, 2**64 - 1)})
trees = st.fixed_dictionaries(
    {
        "int": signed,
        "sint": signed,
        "bool": st.booleans(),
        "double": st.floats(allow_nan=False).map(lambda value: value or 0.0),
        "fixed": st.integers(0, 2**64 - 1),
        "sfixed": signed,
        "float": st.sampled_from([0.0, 1.5, -2.25]),
        "fixed32": st.integers(0, 2**32 - 1),
        "sfixed32": st.integers(-(2**31), 2**31 - 1),
        "bytes": st.binary(),
        "leaf": st.none() | leaves,
        "leaves": st.lists(leaves, max_size=3),
        "ints": st.lists(signed),
        "doubles": st.lists(st.floats(allow_nan=False)),
        "texts": st.lists(st.text(min_size=1)),
    }
)


@both
@given(trees)
def test_what_was_encoded_is_decoded(twin: ModuleType, tree: dict[str, Any]) -> None:
    decoded = twin.decode(TREE, encode(TREE, tree))
    assert {name: list(value) if value == () else value for name, value in decoded.items()} == tree


@both
def test_absent_fields_have_their_zero(twin: ModuleType) -> None:
    empty = twin.decode(TREE, b"")
    assert (empty["int"], empty["leaf"], empty["leaves"], empty["bytes"]) == (0, None, (), b"")
    assert twin.decode(LEAF, b"") == {"text": "", "count": None}


@both
def test_numbers_may_come_packed_or_one_by_one(twin: ModuleType) -> None:
    one_by_one = bytes([13 << 3, 2, 13 << 3, 4])
    packed = bytes([13 << 3 | 2, 2, 2, 4])
    assert twin.decode(TREE, one_by_one)["ints"] == [1, 2]
    assert twin.decode(TREE, packed + one_by_one)["ints"] == [1, 2, 1, 2]


@both
def test_fields_that_are_not_declared_are_skipped(twin: ModuleType) -> None:
    # A varint, eight bytes, a text and four bytes, under numbers that the leaf does not have.
    unknown = b"\x18\x05" + b"\x21" + bytes(8) + b"\x2a\x02hi" + b"\x35" + bytes(4)
    other_type = b"\x09" + bytes(8)
    assert twin.decode(LEAF, unknown + other_type + b"\x10\x07") == {"text": "", "count": 7}


@both
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a", "the bytes end inside a number"),
        (b"\x0a\x05ab", "the bytes end before the 5 that a length promises"),
        (b"\x10" + b"\xff" * 10, "a number is longer than ten bytes"),
        (b"\x00\x00", "a field has the number 0"),
        (b"\x0b", "field 1 has the unknown wire type 3"),
        (b"\x0a\x01\xff", "is not UTF-8"),
    ],
)
def test_broken_bytes_are_refused(twin: ModuleType, data: bytes, reason: str) -> None:
    with pytest.raises(BadMessage, match=f"Leaf cannot be read: .*{reason}"):
        twin.decode(LEAF, data)


@both
def test_messages_in_a_stream_are_split(twin: ModuleType) -> None:
    assert twin.delimited(sized(b"one") + sized(b"") + sized(b"two"), "Leaf") == [
        b"one",
        b"",
        b"two",
    ]
    with pytest.raises(BadMessage, match="Leaf cannot be read: the bytes end before the 3"):
        twin.delimited(b"\x03ab", "Leaf")


@both
def test_endless_nesting_is_refused(twin: ModuleType) -> None:
    endless = Message("Endless", {"inner": part(1, LEAF)})
    object.__setattr__(endless, "plan", (None, ("inner", int(Kind.MESSAGE), False, endless)))
    data = b""
    for _ in range(100):
        data = b"\x0a" + sized(data)
    with pytest.raises(BadMessage, match="nested more than 64 deep"):
        twin.decode(endless, data)


@settings(max_examples=500)
@given(trees, st.integers(0, 300), st.binary(max_size=4))
def test_the_twins_agree_on_damaged_bytes(tree: dict[str, Any], place: int, noise: bytes) -> None:
    data = encode(TREE, tree)
    data = data[:place] + noise + data[place + 1 :]
    assert len({_outcome(twin, data) for twin in TWINS}) == 1


def _outcome(twin: ModuleType, data: bytes) -> str:
    try:
        return repr(twin.decode(TREE, data))
    except BadMessage as fault:
        return str(fault)
