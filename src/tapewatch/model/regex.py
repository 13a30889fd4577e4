"""
The one door to regular expressions that users write.

Users' patterns have RE2's meaning and RE2's guarantee of linear time; Python's ``re`` has
neither, so it is never used for them. Where RE2 is not installed (a trading process with the bare
SDK), plain literals and alternations of literals still work and everything else says what is
missing.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Protocol

from tapewatch.model.errors import BadRegex, RegexEngineMissing

_META: Final = frozenset("\\.+*?()[]{}^$|")


class Match(Protocol):
    """What a successful search gives back."""

    def group(self, group: int | str = 0, /) -> str | None: ...
    def start(self, group: int = 0, /) -> int: ...
    def end(self, group: int = 0, /) -> int: ...
    def groups(self) -> tuple[str | None, ...]: ...


class Regex:
    """A user's pattern, fully anchored, with a dot that also matches a line end."""

    __slots__ = ("_compiled", "_literals", "matches", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._literals = literal_alternatives(pattern)
        self._compiled: Any = None
        if self._literals is None:
            self._compiled = _compile(pattern)
        self.matches: Callable[[str], bool] = self._matcher()

    @property
    def literals(self) -> frozenset[str] | None:
        """The only texts that can match, where the pattern is an alternation of literals."""
        return self._literals

    @property
    def literal_prefix(self) -> str:
        """A text that every match begins with (possibly empty); lets an index skip the rest."""
        if self._literals is not None:
            return next(iter(self._literals)) if len(self._literals) == 1 else ""
        return _prefix(self.pattern)

    @property
    def group_names(self) -> dict[str, int]:
        """The named groups and their numbers."""
        return dict(self._engine().groupindex)

    @property
    def group_count(self) -> int:
        """How many capturing groups the pattern has."""
        return int(self._engine().groups)

    def fullmatch(self, text: str) -> Match | None:
        """Match the whole of ``text`` and give its groups, or None."""
        match: Match | None = self._engine().fullmatch(text)
        return match

    def _matcher(self) -> Callable[[str], bool]:
        if self._literals is not None:
            return self._literals.__contains__
        if self.pattern == ".*":
            return _always
        if self.pattern == ".+":
            return bool
        fullmatch = self._compiled.fullmatch
        return lambda text: fullmatch(text) is not None

    def _engine(self) -> Any:
        if self._compiled is None:
            self._compiled = _compile(self.pattern)
        return self._compiled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


@lru_cache(maxsize=4096)
def regex(pattern: str) -> Regex:
    """Compile ``pattern``, or return it from the cache of recent ones."""
    return Regex(pattern)


def literal_alternatives(pattern: str) -> frozenset[str] | None:
    """Return the texts of ``a|b|c`` where the pattern is nothing else, else None."""
    if pattern.startswith("(") and pattern.endswith(")"):
        inner = pattern.removeprefix("(?:")
        pattern = inner[:-1] if inner != pattern else pattern[1:-1]
    if _META.isdisjoint(pattern):
        return frozenset((pattern,))
    parts = pattern.split("|")
    return frozenset(parts) if all(_META.isdisjoint(part) for part in parts) else None


def search_pattern(pattern: str) -> Any:
    """Compile ``pattern`` unanchored, for the few places that search inside a text."""
    return _compile(pattern)


def _always(_text: str) -> bool:
    return True


def _prefix(pattern: str) -> str:
    if "|" in pattern or pattern.startswith("(?"):
        return ""
    length = next((i for i, letter in enumerate(pattern) if letter in _META), len(pattern))
    # A repetition sign belongs to the letter before it, which may then be missing.
    if length < len(pattern) and pattern[length] in "*?{":
        length -= 1
    return pattern[: max(length, 0)]


def _compile(pattern: str) -> Any:
    try:
        import re2
    except ModuleNotFoundError:
        raise RegexEngineMissing(pattern) from None
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as fault:
        raise BadRegex(pattern, _reason(fault, pattern)) from None


def _reason(fault: Exception, pattern: str) -> str:
    reason = fault.args[0] if fault.args else str(fault)
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    # RE2 ends its sentence with the part it stopped at; a part says more than the whole.
    return text.removesuffix(f": {pattern}")
