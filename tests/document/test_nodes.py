"""A file that was typed by hand, or sent by an enemy, is read within bounds or refused."""

import pytest

from tapewatch.document.errors import DocumentError
from tapewatch.document.nodes import DEPTH_MAX, SIZE_MAX_BYTES, load, parse, plain


def refused(data):
    with pytest.raises(DocumentError) as caught:
        parse(data, file="f.yaml")
    return str(caught.value)


def test_values_keep_their_lines():
    tree = parse("a: 1\nb:\n  - x\n  - y: 2\n", file="f.yaml")
    assert tree.items["b"].items[1].items["y"].line == 4
    assert tree.key_lines == {"a": 1, "b": 2}


def test_plain_values_have_their_types():
    text = "{a: 1, b: 1.5, c: true, d: ~, e: '1', f: [x], g: no}"
    told = {"a": 1, "b": 1.5, "c": True, "d": None, "e": "1", "f": ["x"], "g": "no"}
    assert plain(parse(text, file="f.yaml")) == told


def test_an_empty_text_is_an_empty_mapping():
    assert plain(parse("# only words\n", file="f.yaml")) == {}


def test_aliases_and_merges_are_followed():
    text = "base: &b {x: 1, y: 2}\nmine: {<<: *b, y: 3}\n"
    assert plain(parse(text, file="f.yaml"))["mine"] == {"y": 3, "x": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1\na: 2\n", "f.yaml:2: the key 'a' occurs twice"),
        ("a: [1\n", "f.yaml:2: while parsing a flow sequence"),
        (b"a: \xff\n", "f.yaml:1: is not UTF-8: byte 0xff"),
        ("a: &x [*x]\n", "f.yaml:1: the anchor &x contains itself"),
        ("a: *nope\n", "f.yaml:1: the anchor &nope is not defined above"),
        ("[" * 200, f"is nested more than {DEPTH_MAX} levels deep"),
        ("? [a]\n: b\n", "f.yaml:1: a key must be a plain text"),
        ("a: 1\n---\nb: 2\n", "f.yaml:3: holds several documents"),
        ("a: \x07\n", "f.yaml"),
    ],
)
def test_a_bad_text_is_refused_with_its_place(data, message):
    assert message in refused(data)


def test_aliases_of_aliases_cannot_fill_the_memory():
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases of aliases" in refused("\n".join(lines))


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(SIZE_MAX_BYTES + 1)
    with pytest.raises(DocumentError, match="are the limit"):
        load(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")
