"""
What can be wrong with bytes that others send.

* WireError
  - ExpositionFault: a line of a text exposition that cannot be read
  - BadMessage: a binary message that does not follow its schema
  - BadSeries: a series that is well formed and still not allowed
  - BadEncoding: a compressed body that does not decompress
  - TooLarge: a body that is larger than its limit, packed or unpacked
  - UnsupportedContent: a content type or encoding that nobody here reads
"""

from tapewatch.model.errors import TapewatchError


class WireError(TapewatchError):
    """A body cannot be taken."""


class ExpositionFault(WireError):
    """A line of a text exposition cannot be read; lines and columns (in bytes) count from 1."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(line, column, reason)
        self.line = line
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.reason}"


class BadMessage(WireError):
    """A binary message does not follow its schema."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, reason)
        self.message = message
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.message} cannot be read: {self.reason}"


class BadSeries(WireError):
    """A series is well formed, and its labels or samples are not allowed."""

    def __init__(self, series: str, reason: str) -> None:
        super().__init__(series, reason)
        self.series = series
        self.reason = reason

    def __str__(self) -> str:
        return f"series {self.series}: {self.reason}"


class BadEncoding(WireError):
    """A body does not decompress."""

    def __init__(self, encoding: str, reason: str) -> None:
        super().__init__(encoding, reason)
        self.encoding = encoding
        self.reason = reason

    def __str__(self) -> str:
        return f"the body is not {self.encoding}: {self.reason}"


class TooLarge(WireError):
    """A body would need more bytes than its limit allows."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"the body is larger than the limit of {self.limit_bytes} bytes"


class UnsupportedContent(WireError):
    """Nobody here reads this content type or encoding (HTTP 415)."""

    def __init__(self, header: str, value: str, remedy: str) -> None:
        super().__init__(header, value, remedy)
        self.header = header
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.header} {self.value!r} is not supported: {self.remedy}"
