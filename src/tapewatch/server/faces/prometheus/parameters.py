"""What a request of Prometheus' API asks for, read from its address and its form."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from tapewatch.metrics.promql.parse import parse_series_selector
from tapewatch.model.durations import parse_duration_ms, parse_time_ms
from tapewatch.model.errors import BadText, TapewatchError
from tapewatch.model.matchers import Matcher
from tapewatch.server.errors import Refusal

FORM: Final = "application/x-www-form-urlencoded"
EARLIEST_MS: Final = -(2**61)
LATEST_MS: Final = 2**61
_WORDS_OF_BORDERS: Final = {
    "-292273086-05-16T16:47:06Z": EARLIEST_MS,
    "292277025-08-18T07:12:54.999999999Z": LATEST_MS,
}
"""What Prometheus' own clients send for "since ever" and "for ever"."""
_FLAGS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class Parameters:
    """Names with one or more values; those of the form come before those of the address."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    async def of(cls, request: Request) -> "Parameters":
        """Read the parameters of a request."""
        pairs = _pairs(request.scope["query_string"])
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method in ("POST", "PUT") and kind == FORM:
            pairs = [*_pairs(await request.body()), *pairs]
        return cls(pairs)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a parameter; an empty one counts as none."""
        values = self._values.get(name)
        return (values[0] if values else "") or default

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return self._values.get(name, [])

    def needed(self, name: str) -> str:
        """Return the value of a parameter that must be given."""
        value = self.get(name)
        if not value:
            raise Refusal(400, "bad_data", f"no {name} parameter provided")
        return value

    def time_ms(self, name: str, default: int | None = None) -> int:
        """Return a time, RFC 3339 or seconds since 1970."""
        text = self.get(name)
        if not text and default is not None:
            return default
        try:
            return parse_any_time_ms(text)
        except BadText:
            raise refuse(name, f'cannot parse "{text}" to a valid timestamp') from None

    def duration_ms(self, name: str) -> int | None:
        """Return a duration, as ``5m`` or in seconds; None where it is not given."""
        text = self.get(name)
        return self.needed_duration_ms(name) if text else None

    def needed_duration_ms(self, name: str) -> int:
        """Return a duration that must be given."""
        text = self.get(name)
        try:
            return parse_any_duration_ms(text)
        except BadText as fault:
            raise refuse(name, f'cannot parse "{text}" to a valid duration{fault.remedy}') from None

    def count(self, name: str, default: int = 0) -> int:
        """Return a whole number that is not negative."""
        text = self.get(name)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            raise refuse(name, f'cannot parse "{text}" to a whole number') from None
        if number < 0:
            raise refuse(name, f"{name} must be non-negative")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        text = self.get(name)
        if text and text not in _FLAGS:
            raise Refusal(400, "bad_data", f'invalid {name} "{text}": must be boolean')
        return _FLAGS[text] if text else default

    def selectors(self, name: str = "match[]") -> list[tuple[Matcher, ...]]:
        """Return selectors of series, each of which must say something."""
        try:
            found = [parse_series_selector(text) for text in self.all(name)]
        except TapewatchError as fault:
            raise refuse(name, str(fault)) from None
        if any(all(matcher.matches_empty for matcher in matchers) for matchers in found):
            raise refuse(name, "match[] must contain at least one non-empty matcher")
        return found


def refuse(name: str, reason: str) -> Refusal:
    """Build the refusal of one parameter."""
    return Refusal(400, "bad_data", f'invalid parameter "{name}": {reason}')


def parse_any_time_ms(text: str) -> int:
    """Read a time; one that no clock shows becomes the earliest or the latest."""
    known = _WORDS_OF_BORDERS.get(text)
    if known is not None:
        return known
    try:
        return parse_time_ms(text)
    except BadText as fault:
        seconds = _number(text)
        if seconds is None:
            raise fault from None
        return EARLIEST_MS if seconds < 0 else LATEST_MS


def parse_any_duration_ms(text: str) -> int:
    """Read a duration with units, or a number of seconds."""
    seconds = _number(text)
    if seconds is None:
        try:
            return parse_duration_ms(text)
        except BadText:
            raise BadText("duration", text, "") from None
    if abs(seconds) > 2**63 / 1e9:
        raise BadText("duration", text, ". It overflows int64")
    return round(seconds * 1000)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number or "_" in text else number


def _pairs(text: bytes) -> list[tuple[str, str]]:
    return parse_qsl(text.decode("latin-1"), keep_blank_values=True, errors="replace")
