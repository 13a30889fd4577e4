"""
What can go wrong with a query.

* QueryError
  - QueryRefused: the text cannot be run at all; HTTP says ``bad_data``
    - QuerySyntaxError: it does not parse, or its types do not fit
  - QueryFailed: it stopped half way; HTTP says ``execution``
    - QueryTooLarge: it would hold more samples than its budget
  - QueryTimedOut: it ran out of time; HTTP says ``timeout``
  - QueryCanceled: whoever asked has gone; HTTP says ``canceled``
* ScriptError: a test script cannot be read
"""

from dataclasses import dataclass

from tapewatch.model.errors import TapewatchError


class QueryError(TapewatchError):
    """A query cannot be answered; the words are those that Prometheus uses."""


class QueryRefused(QueryError):
    """A query cannot be run, whatever the data; the message says why."""


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """One thing wrong with a text, between two character positions."""

    start: int
    end: int
    message: str


class QuerySyntaxError(QueryRefused):
    """A text is not PromQL; ``faults`` holds everything found, the message the first of them."""

    def __init__(self, text: str, faults: tuple[SyntaxFault, ...]) -> None:
        super().__init__(text, faults)
        self.text = text
        self.faults = faults

    def __str__(self) -> str:
        return self.describe(self.faults[0])

    def describe(self, fault: SyntaxFault) -> str:
        """Write one fault as ``line:column: parse error: …``."""
        return f"{position(self.text, fault.start)}: parse error: {fault.message}"


class QueryFailed(QueryError):
    """Evaluation met something that has no answer; the message says what."""


class QueryTooLarge(QueryFailed):
    """A query would hold more samples at once than its budget; the first words are Prometheus'."""

    def __init__(self, samples: int, samples_max: int) -> None:
        super().__init__(samples, samples_max)
        self.samples = samples
        self.samples_max = samples_max

    def __str__(self) -> str:
        return (
            "query processing would load too many samples into memory in query execution: "
            f"{self.samples:,} or more, where {self.samples_max:,} are allowed"
        )


class QueryTimedOut(QueryError):
    """A query did not finish before its deadline."""

    def __init__(self, where: str = "expression evaluation") -> None:
        super().__init__(where)
        self.where = where

    def __str__(self) -> str:
        return f"query timed out in {self.where}"


class QueryCanceled(QueryError):
    """A query was given up by whoever asked it."""

    def __init__(self, where: str = "expression evaluation") -> None:
        super().__init__(where)
        self.where = where

    def __str__(self) -> str:
        return f"query was canceled in {self.where}"


class ScriptError(TapewatchError):
    """A test script cannot be read; the line is counted from one."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def position(text: str, offset: int) -> str:
    """Write a character offset as ``line:column``, both counted from one."""
    before = text[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"
