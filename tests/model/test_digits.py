"""Digits: shortest out, nearest in, and both twins alike."""

import importlib
import json
import math
import struct
from array import array
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.model import digits_pure
from tapewatch.model.errors import BadText


def _twins() -> list[ModuleType]:
    try:
        return [digits_pure, importlib.import_module("tapewatch.model.digits_fast")]
    except ModuleNotFoundError:
        return [digits_pure]


TWINS = _twins()
both = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition("_")[2])
any_bits = st.integers(0, 2**64 - 1).map(
    lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0]
)
short_decimals = st.builds(
    lambda digits, power: float(f"{digits}e{power}"), st.integers(0, 10**17), st.integers(-40, 25)
)
doubles = any_bits | short_decimals | st.floats()


@both
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-12.5, "-12.5"),
        (100.0, "100"),
        (2.0**53, "9007199254740992"),
        (2.0**60, "1152921504606847000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1.25e-5, "0.0000125"),
        (9.5e-7, "9.5e-07"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_is_written_as_the_api_writes_it(
    twin: ModuleType, value: float, text: str
) -> None:
    assert twin.format_double(value) == text


@both
@settings(max_examples=400)
@given(doubles)
def test_what_is_written_reads_back_as_the_same_double(twin: ModuleType, value: float) -> None:
    read = twin.parse_double(twin.format_double(value).encode())
    assert struct.pack("<d", read) == struct.pack("<d", value) or math.isnan(value)


@settings(max_examples=1000)
@given(doubles)
def test_the_twins_write_the_same_digits(value: float) -> None:
    assert len({twin.format_double(value) for twin in TWINS}) == 1


@settings(max_examples=1000)
@given(st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_the_twins_read_the_same_double_and_refuse_the_same_texts(text: str) -> None:
    assert len({_read(twin, text.encode()) for twin in TWINS}) == 1


@given(st.floats(min_value=1e-300, max_value=1e300), st.integers(18, 40))
def test_halfway_between_two_doubles_the_even_one_is_read(value: float, digit_count: int) -> None:
    above = math.nextafter(value, math.inf)
    text = f"{(_exact(value) + _exact(above)) / 2:.{digit_count}e}"
    assert all(twin.parse_double(text.encode()) == float(text) for twin in TWINS)


@both
@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "1e", "1e+", "0x10", "1_000", "1.2.3", " 1", "1 ", "-nan", "infinit", "1e400"],
)
def test_what_go_refuses_is_refused(twin: ModuleType, text: str) -> None:
    with pytest.raises(BadText, match="is not a number: write it as 12"):
        twin.parse_double(text.encode())


@both
def test_special_numbers_are_read_in_any_case(twin: ModuleType) -> None:
    assert twin.parse_double(b"iNf") == twin.parse_double(b"+Infinity") == math.inf
    assert twin.parse_double(b"-inf") == -math.inf
    assert math.isnan(twin.parse_double(b"nAn"))


@both
def test_points_are_the_json_of_the_api(twin: ModuleType) -> None:
    times = array("q", [1435781430781, 1435781445000, -1500, 1435781460050])
    values = array("d", [1.0, math.inf, 2.5, math.nan])
    points = '[[1435781430.781,"1"],[1435781445,"+Inf"],[-1.500,"2.5"],[1435781460.050,"NaN"]]'
    assert twin.encode_points(times, values).decode() == points
    assert len(json.loads(points)) == 4


@both
def test_points_that_are_not_present_are_left_out(twin: ModuleType) -> None:
    times, values = array("q", [1000, 2000]), array("d", [1, 2])
    assert twin.encode_points(times, values, bytes([0, 1])) == b'[[2,"2"]]'
    assert twin.encode_points(times, values, bytes([0, 0])) == b"[]"
    assert twin.encode_points(array("q"), array("d")) == b"[]"


@both
def test_a_writer_builds_a_whole_answer(twin: ModuleType) -> None:
    writer = twin.PointsWriter(array("q", [1000]))
    writer.raw(b'{"values":')
    assert writer.row(array("d", [7])) == 1
    writer.raw(b"}")
    assert writer.take() == b'{"values":[[1,"7"]]}'
    assert writer.take() == b""


@both
def test_a_row_of_another_length_is_refused(twin: ModuleType) -> None:
    with pytest.raises(ValueError, match="a row of 2 values for 1 timestamps"):
        twin.PointsWriter(array("q", [1000])).row(array("d", [1, 2]))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-(2**53), 2**53), doubles, st.booleans())))
def test_the_twins_write_the_same_points(points: list[tuple[int, float, bool]]) -> None:
    times = array("q", [time_ms for time_ms, _, _ in points])
    values = array("d", [value for _, value, _ in points])
    present = bytes(there for _, _, there in points)
    assert len({twin.encode_points(times, values, present) for twin in TWINS}) == 1
    assert len({twin.format_doubles(values, b"\n") for twin in TWINS}) == 1


def _read(twin: ModuleType, text: bytes) -> float | str:
    try:
        return float(twin.parse_double(text))
    except BadText as fault:
        return str(fault)


def _exact(value: float):  # type: ignore[no-untyped-def]  # Decimal with room for every digit.
    from decimal import Decimal, getcontext

    getcontext().prec = 1200
    return Decimal(value)
