"""The layout agrees with itself, with its page and with the header for C."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import bucket_index
from tapewatch.sdk.region.layout import (
    RECORDS,
    VERSION,
    Argument,
    Drop,
    EntryType,
    Kind,
    Sections,
    SlotState,
    pack_entry,
    pack_strings,
    text_field,
    unpack_strings,
)
from tapewatch.sdk.region.reader import Reader, Standing

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = ROOT / "docs" / "region.md"
NAMES = [record.name for record in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_fields_lie_at_multiples_of_their_size_and_apart(record):
    for field in record.fields:
        assert field.offset % (field.size if len(field.form) == 1 else 2) == 0, field
    for one, following in pairwise(record.fields):
        assert one.offset + one.size <= following.offset, following
    assert record.fields[-1].offset + record.fields[-1].size <= record.size
    assert record.size % 8 == 0


def table(record):
    rows = [
        f"| {field.offset} | {field.size} | `{field.name}` | {field.meaning} |"
        for field in record.fields
    ]
    return "\n".join(["| at | bytes | field | what it says |", "|---|---|---|---|", *rows])


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_the_page_draws_every_record(record):
    assert table(record) in PAGE.read_text(), f"put this into docs/region.md:\n{table(record)}"


@pytest.mark.parametrize("names", [EntryType, Kind, Drop, SlotState, Argument])
def test_the_page_names_every_number(names):
    listed = ", ".join(f"{each.value} {each.name.lower().replace('_', ' ')}" for each in names)
    assert listed in PAGE.read_text(), f"put this into docs/region.md: {listed}"


@given(st.lists(st.text(max_size=40), max_size=6))
def test_strings_are_read_back(texts):
    data = pack_strings(tuple(texts))
    back, end = unpack_strings(b"ab" + data, 2, len(texts))
    assert end == len(data) + 2
    assert back == [text.encode("utf-8", "replace").decode() for text in texts]


@given(st.binary(min_size=16, max_size=64), st.binary(max_size=40))
def test_an_entry_is_filled_up_to_its_size(fixed, tail):
    entry = pack_entry(fixed, tail)
    assert len(entry) % 8 == 0
    assert int.from_bytes(entry[:4], "little") == len(entry)
    assert entry[4:].startswith((fixed + tail)[4:])


def test_a_text_is_cut_between_two_letters():
    assert text_field("aü", 2) == b"a"


def test_sections_follow_each_other_in_whole_pages():
    shape = Sections(5000, 9000, 3, 4, 64).header()
    offsets = [value for name, value in shape.items() if name.endswith("_offset")]
    assert offsets == [4096, 12288, 24576, 28672, 32768]
    assert shape["region_bytes"] == 36864


def test_a_ring_has_as_many_slots_as_the_next_power_of_two():
    shape = Sections(ring_slots=1000, exemplars_slots=1).header()
    assert (shape["ring_slots"], shape["exemplars_slots"]) == (1024, 1)


@pytest.fixture(scope="module")
def compiler():
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("there is no C compiler here")
    return found


def compiled(compiler, source, program):
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"]
    include = f"-I{ROOT / 'docs' / 'region'}"
    command = [compiler, *warnings, include, str(source), "-o", str(program), "-lm"]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


def test_the_header_for_c_has_every_field_where_it_is(compiler, tmp_path):
    checks = [f'_Static_assert(TAPEWATCH_VERSION == {VERSION}, "version");']
    for record in RECORDS:
        struct = f"struct tapewatch_{record.name.replace(' ', '_')}"
        checks.append(f'_Static_assert(sizeof({struct}) == {record.size}, "{record.name}");')
        checks += [
            f"_Static_assert(offsetof({struct}, {field.name}) == {field.offset} && "
            f'sizeof((({struct} *)0)->{field.name}) == {field.size}, "{field.name}");'
            for field in record.fields
        ]
    source = tmp_path / "check.c"
    lines = [
        "#include <stddef.h>",
        '#include "tapewatch_region.h"',
        *checks,
        "int main(void) { return 0; }",
    ]
    source.write_text("\n".join(lines))
    compiled(compiler, source, tmp_path / "check")


def test_the_example_in_c_writes_a_region_that_is_read_back(compiler, tmp_path, shared_folder):
    compiled(compiler, ROOT / "docs" / "region" / "gateway.c", tmp_path / "gateway")
    told = subprocess.run(
        [tmp_path / "gateway", shared_folder], capture_output=True, text=True, check=True
    )
    with Reader(Path(told.stdout.strip())) as reader:
        seen = reader.snapshot()
    sent, held, took = seen.series
    assert (seen.head.service, seen.head.instance) == ("gateway", "one")
    assert seen.head.standing() is Standing.CLOSED
    assert str(sent.labels) == '{venue="binance"}'
    assert (seen.number(sent), seen.number(held)) == (1000, -1000)
    expected: dict[int, float] = {}
    for value in range(1, 1001):
        index = bucket_index(value, 3)
        expected[index] = expected.get(index, 0.0) + 1
    histogram = seen.histogram(took)
    assert (histogram.positive, histogram.sum) == (expected, 500_500)
