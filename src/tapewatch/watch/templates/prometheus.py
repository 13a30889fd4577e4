"""
The functions that Prometheus gives to the annotations and labels of its rules.

Those that ask the database or know the server's address are made for one evaluation by
``rule_functions``; the others are the same everywhere.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.numbers import parse_float
from tapewatch.model.regex import search_pattern
from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.builtins import BUILTINS
from tapewatch.watch.templates.times import Duration, Moment
from tapewatch.watch.templates.values import Functions, Html, TextMap, is_sequence, type_name

VALUE_LABEL: Final = "__value__"
_LARGE: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY: Final = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL: Final = ("", "m", "u", "n", "p", "f", "a", "z", "y")
_EXPAND = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_WORD_HEAD = re.compile(r"(?<![^\W_])(?<!')[^\W\d_]")


@dataclass(frozen=True, slots=True)
class QuerySample:
    """One sample of a query's answer."""

    labels: TextMap
    value: float


Query = Callable[[str], Sequence[QuerySample]]


def number_of(value: Any) -> float:
    """Return a number, a text that reads as one, or a duration, as a number."""
    if isinstance(value, Duration):
        return value.seconds()
    if isinstance(value, str):
        return parse_float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise TemplateMisuse(f"can't convert {type_name(value)} to float")


def four_digits(value: float) -> str:
    """Write a number with four digits, as Go's ``%.4g`` does."""
    if math.isfinite(value):
        return f"{value:.4g}"
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def humanize(given: Any) -> str:
    """Shorten a number with the prefixes of the metric system."""
    value = number_of(given)
    if value == 0 or not math.isfinite(value):
        return four_digits(value)
    return _scaled(value, _LARGE, 1000) if abs(value) >= 1 else _scaled_small(value)


def humanize1024(given: Any) -> str:
    """Shorten a number with the prefixes for powers of 1024."""
    value = number_of(given)
    if abs(value) <= 1 or not math.isfinite(value):
        return four_digits(value)
    return _scaled(value, _BINARY, 1024)


def _scaled(value: float, prefixes: Sequence[str], base: int) -> str:
    last = len(prefixes) - 1
    step = 0
    while abs(value) >= base and step < last:
        value /= base
        step += 1
    return four_digits(value) + prefixes[step]


def _scaled_small(value: float) -> str:
    step = 0
    while abs(value) < 1 and step < len(_SMALL) - 1:
        value *= 1000
        step += 1
    return four_digits(value) + _SMALL[step]


def humanize_duration(given: Any) -> str:
    """Write seconds as days, hours, minutes and seconds, or as parts of a second."""
    value = number_of(given)
    if value == 0 or not math.isfinite(value):
        return four_digits(value) + ("s" if value == 0 else "")
    if abs(value) < 1:
        return f"{_scaled_small(value)}s"
    sign, value = ("-", -value) if value < 0 else ("", value)
    minutes, seconds = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{four_digits(value)}s"


def humanize_percentage(given: Any) -> str:
    """Write a ratio as a percentage."""
    return f"{four_digits(number_of(given) * 100)}%"


def humanize_timestamp(given: Any) -> str:
    """Write seconds since the epoch as a time."""
    value = number_of(given)
    return str(_moment(value)) if math.isfinite(value) else four_digits(value)


def to_time(given: Any) -> Moment:
    """Turn seconds since the epoch into a time."""
    value = number_of(given)
    if not math.isfinite(value):
        raise TemplateMisuse(f"{four_digits(value)} is no time")
    return _moment(value)


def _moment(seconds: float) -> Moment:
    # Milliseconds are what a sample's time can tell.
    return Moment(math.trunc(seconds * 1000) * 1_000_000)


def to_duration(given: Any) -> Duration:
    """Turn seconds into a duration."""
    return Duration(math.trunc(number_of(given) * 1e9))


def parse_duration(text: str) -> float:
    """Read ``1h30m`` as seconds."""
    return parse_duration_ms(text) / 1000


def title(text: str) -> str:
    """Begin every word with a capital letter."""
    return _WORD_HEAD.sub(lambda match: match[0].upper(), text)


def to_upper(text: str) -> str:
    """Write a text in capitals."""
    return text.upper()


def to_lower(text: str) -> str:
    """Write a text in small letters."""
    return text.lower()


def match(pattern: str, text: str) -> bool:
    """Say whether a pattern (RE2) is found in a text."""
    return _searched(pattern).search(text) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """Replace whatever a pattern (RE2) finds; ``$1`` and ``${name}`` are its groups."""
    compiled = _searched(pattern)
    parts, at = [], 0
    for found in compiled.finditer(text):
        parts += [text[at : found.start()], _expand(replacement, found, compiled)]
        at = found.end()
    return "".join([*parts, text[at:]])


def _searched(pattern: str) -> Any:
    # Unlike the patterns of selectors these have Go's plain meaning: a dot stops at a line's end.
    return search_pattern(f"(?-s:{pattern})")


def _expand(replacement: str, found: Any, compiled: Any) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        number = int(name) if name.isdigit() else compiled.groupindex.get(name, -1)
        return (found.group(number) or "") if 0 <= number <= compiled.groups else ""

    return _EXPAND.sub(group, replacement)


def strip_port(address: str) -> str:
    """Remove the port from an address."""
    host, colon, port = address.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")) or "]" in port:
        return address
    return host.removeprefix("[").removesuffix("]")


def strip_domain(address: str) -> str:
    """Remove the domain from a host's name, and keep its port."""
    host = strip_port(address)
    port = address[len(host) :] if address.startswith(host) else ""
    is_number = bool(re.fullmatch(r"[0-9.]+|.*:.*", host))
    return address if is_number else host.partition(".")[0] + port


def graph_link(expression: str) -> str:
    """Return the path of an expression's graph."""
    return f"/graph?g0.expr={quote_plus(expression)}&g0.tab=0"


def table_link(expression: str) -> str:
    """Return the path of an expression's table."""
    return f"/graph?g0.expr={quote_plus(expression)}&g0.tab=1"


def safe_html(text: str) -> Html:
    """Declare that a text is HTML."""
    return Html(text)


def first(samples: Any) -> Any:
    """Return the first sample of an answer."""
    if not is_sequence(samples) or not samples:
        raise TemplateMisuse("first() called on vector with no elements")
    return samples[0]


def label_of(name: str, sample: Any) -> str:
    """Return a label of a sample."""
    return _sample(sample).labels.get(name, "")


def value_of(sample: Any) -> float:
    """Return the value of a sample."""
    return _sample(sample).value


def text_of(sample: Any) -> str:
    """Return the value of a sample that ``count_values`` and its like keep as a label."""
    return _sample(sample).labels.get(VALUE_LABEL, "")


def _sample(sample: Any) -> QuerySample:
    if not isinstance(sample, QuerySample):
        raise TemplateMisuse(f"expected a sample of a query; got {type_name(sample)}")
    return sample


def sort_by_label(name: str, samples: Any) -> list[Any]:
    """Sort the samples of an answer by a label."""
    return sorted(samples, key=lambda sample: _sample(sample).labels.get(name, ""))


def arguments(*values: Any) -> dict[str, Any]:
    """Collect values under ``arg0``, ``arg1``, …"""
    return {f"arg{position}": value for position, value in enumerate(values)}


def url_query_escape(text: str) -> str:
    """Write a text so that it can stand in the query of a URL."""
    return quote_plus(text)


def _unanswered(expression: str) -> Sequence[QuerySample]:
    raise TemplateMisuse(f"nothing answers the query {expression!r} here")


def _unknown(name: str) -> Callable[[], Any]:
    def tell() -> Any:
        raise TemplateMisuse(f"{name} is not known here")

    return tell


FUNCTIONS: Final[Functions] = {
    "args": arguments,
    "externalURL": _unknown("the address of the server"),
    "first": first,
    "graphLink": graph_link,
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "label": label_of,
    "match": match,
    "now": _unknown("the time"),
    "parseDuration": parse_duration,
    "pathPrefix": _unknown("the address of the server"),
    "query": _unanswered,
    "reReplaceAll": replace_all,
    "safeHtml": safe_html,
    "sortByLabel": sort_by_label,
    "stripDomain": strip_domain,
    "stripPort": strip_port,
    "strvalue": text_of,
    "tableLink": table_link,
    "title": title,
    "toDuration": to_duration,
    "toLower": to_lower,
    "toTime": to_time,
    "toUpper": to_upper,
    "urlQueryEscape": url_query_escape,
    "value": value_of,
}


def rule_functions(query: Query, now_ns: int, external_url: str) -> Mapping[str, Any]:
    """Make the functions that depend on the evaluation."""

    def ask(expression: str) -> Sequence[QuerySample]:
        return query(expression)

    return {
        "externalURL": lambda: external_url,
        "now": lambda: now_ns / 1e9,
        "pathPrefix": lambda: urlsplit(external_url).path,
        "query": ask,
    }


assert not FUNCTIONS.keys() & BUILTINS.keys()
