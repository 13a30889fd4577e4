"""Reading test files: every document, with the line of every test."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tapewatch.catalog.rule_tests.format import RuleTest, RuleTestFile
from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.reading import read_node


@dataclass(frozen=True, slots=True)
class PlacedTest:
    """A test, its document, and its line."""

    document: RuleTestFile
    test: RuleTest
    line: int

    @property
    def interval_ms(self) -> int:
        """The time between two values."""
        return self.test.interval or self.document.evaluation_interval


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A test file that could be read."""

    path: Path
    documents: tuple[RuleTestFile, ...]
    tests: tuple[PlacedTest, ...]

    @property
    def rule_files(self) -> tuple[str, ...]:
        """The rule files that it names; later documents need not repeat them."""
        return tuple(dict.fromkeys(each for one in self.documents for each in one.rule_files))


def read_tests(path: Path) -> ReadFile:
    """Read a test file; ``DocumentError`` tells every fault."""
    file = str(path)
    try:
        trees = nodes.parse_all(path.read_bytes(), file=file)
    except OSError as fault:
        raise DocumentError([Fault(file, 0, "", f"cannot be read: {fault.strerror}")]) from None
    documents = [read_node(tree, RuleTestFile, file=file, folder=path.parent) for tree in trees]
    pairs = zip(trees, documents, strict=True)
    tests = tuple(each for tree, document in pairs for each in _placed(tree, document))
    return ReadFile(path, tuple(documents), tests)


def _placed(tree: nodes.Node, document: RuleTestFile) -> Iterator[PlacedTest]:
    inner = tree.items.get("tests") if isinstance(tree, nodes.Mapping) else None
    lines = [each.line for each in inner.items] if isinstance(inner, nodes.Sequence) else []
    for test, line in zip(document.tests, lines, strict=True):
        yield PlacedTest(document, test, line)
