"""Which alerts the tests of a pack see fire, and which they see quiet."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tapewatch.document.errors import DocumentError
from tapewatch.document.nodes import parse_all, plain


def tested_alerts(files: Sequence[Path]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that fire in some test, and those that stay quiet in some."""
    firing: set[str] = set()
    quiet: set[str] = set()
    for file in files:
        for name, expected in _expectations(file):
            (firing if expected else quiet).add(name)
    return frozenset(firing), frozenset(quiet)


def _expectations(file: Path) -> Iterator[tuple[str, bool]]:
    try:
        documents = [plain(node) for node in parse_all(file.read_bytes(), file=str(file))]
    except (DocumentError, OSError):
        # The test runner tells what is wrong with the file; here it only tests nothing.
        return
    for document in documents:
        for test in _items(document, "tests"):
            for case in _items(test, "alert_rule_test"):
                if isinstance(case, dict) and case.get("alertname"):
                    yield str(case["alertname"]), bool(case.get("exp_alerts"))


def _items(holder: object, key: str) -> list[object]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []
