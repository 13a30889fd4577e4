"""
The base of every error of ours.

* TapewatchError
  - BadText: a duration, a time, a number or a name that cannot be read
  - BadRegex: a pattern that RE2 refuses
  - RegexEngineMissing: a pattern that needs RE2 where RE2 is not installed

Each part draws its own tree under this base in its ``errors.py``.
"""


class TapewatchError(Exception):
    """Something outside this code is wrong; the message says what, and what would be right."""


class BadText(TapewatchError):
    """A text that should read as a value does not."""

    def __init__(self, kind: str, text: str, remedy: str) -> None:
        super().__init__(kind, text, remedy)
        self.kind = kind
        self.text = text
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.text!r} is not a {self.kind}: {self.remedy}"


class BadRegex(TapewatchError):
    """A regular expression that RE2 does not take."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(pattern, reason)
        self.pattern = pattern
        self.reason = reason

    def __str__(self) -> str:
        return f"error parsing regexp: {self.reason}: `{self.pattern}`"


class RegexEngineMissing(TapewatchError):
    """A pattern that only RE2 can answer safely, on a machine without RE2."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.pattern = pattern

    def __str__(self) -> str:
        return (
            f"the pattern `{self.pattern}` needs RE2, which is not installed here: "
            "pip install google-re2"
        )
