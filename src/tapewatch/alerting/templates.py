"""
What message templates may say: Alertmanager's data, its functions, and the words users define.

``Data`` is the dot of a template. ``Words`` holds our own definitions (the names that Alertmanager
has, such as ``slack.default.title``) and those of the user's files, which replace ours.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

from tapewatch.alerting.channels.default_words import DEFAULT_WORDS
from tapewatch.alerting.channels.story import Story
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView, Notification
from tapewatch.model.labels import Labels
from tapewatch.watch.errors import TemplateFault, TemplateMisuse
from tapewatch.watch.templates import prometheus
from tapewatch.watch.templates.template import TemplateSet
from tapewatch.watch.templates.times import ZERO_NS, Duration, Moment
from tapewatch.watch.templates.values import Functions, TextMap, Url, type_name

ALERT_NAME: Final = "alertname"


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value."""

    name: str
    value: str


class Pairs(list[Pair]):
    """Names and values in order."""

    def names(self) -> list[str]:
        """Return the names."""
        return [pair.name for pair in self]

    def values(self) -> list[str]:
        """Return the values."""
        return [pair.value for pair in self]

    def string(self) -> str:
        """Return the text form."""
        return str(self)

    def __str__(self) -> str:
        return ", ".join(f"{pair.name}={pair.value}" for pair in self)


class KeyValues(TextMap):
    """Labels or annotations as templates see them."""

    def sorted_pairs(self) -> Pairs:
        """Return the pairs by name, the name of the alert first."""
        names = sorted(self, key=lambda name: (name != ALERT_NAME, name))
        return Pairs(Pair(name, self[name]) for name in names)

    def remove(self, names: Sequence[str]) -> "KeyValues":
        """Return the pairs but for some names."""
        return KeyValues({name: self[name] for name in self if name not in names})

    def names(self) -> list[str]:
        """Return the names in order."""
        return self.sorted_pairs().names()

    def values(self) -> list[str]:  # type: ignore[override]  # Go's name for the list in order.
        """Return the values in order of their names."""
        return self.sorted_pairs().values()

    def string(self) -> str:
        """Return the text form."""
        return str(self)

    def __str__(self) -> str:
        return str(self.sorted_pairs())


@dataclass(frozen=True, slots=True)
class AlertData:
    """One alert as templates see it."""

    status: str
    labels: KeyValues
    annotations: KeyValues
    starts_at: Moment
    ends_at: Moment
    generator_url: str
    fingerprint: str
    acknowledged_by: str = ""

    @classmethod
    def of(cls, alert: AlertView) -> "AlertData":
        """Show an alert of a notification."""
        return cls(
            status=alert.status,
            labels=KeyValues(alert.labels),
            annotations=KeyValues(alert.annotations),
            starts_at=Moment(alert.starts_at_ns),
            ends_at=Moment(alert.ends_at_ns or ZERO_NS),
            generator_url=alert.generator_url,
            fingerprint=alert.fingerprint,
            acknowledged_by=alert.acknowledged_by,
        )

    def as_json(self) -> dict[str, Any]:
        """Write the alert as Alertmanager's webhook does."""
        return {
            "status": self.status,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "startsAt": json_time(self.starts_at),
            "endsAt": json_time(self.ends_at),
            "generatorURL": self.generator_url,
            "fingerprint": self.fingerprint,
        }


class Alerts(list[AlertData]):
    """The alerts of a notification."""

    def firing(self) -> "Alerts":
        """Return those that fire."""
        return Alerts(alert for alert in self if alert.status == FIRING)

    def resolved(self) -> "Alerts":
        """Return those that are over."""
        return Alerts(alert for alert in self if alert.status == RESOLVED)


@dataclass(frozen=True)
class Data:
    """The dot of a message template; ``.Story`` is ours, the rest is Alertmanager's."""

    receiver: str
    status: str
    alerts: Alerts
    group_labels: KeyValues
    common_labels: KeyValues
    common_annotations: KeyValues
    route_labels: KeyValues
    external_url: str
    notification_reason: str
    truncated_alerts: int
    tell: Callable[[], Story]
    """Writes the story; most webhooks never ask for it."""

    created_ns: int = 0

    @classmethod
    def of(cls, told: Notification, tell: Callable[[], Story]) -> "Data":
        """Show a notification."""
        return cls(
            receiver=told.receiver,
            status=told.status,
            alerts=Alerts(AlertData.of(alert) for alert in told.alerts),
            group_labels=KeyValues(told.group_labels),
            common_labels=KeyValues(told.common_labels),
            common_annotations=KeyValues(told.common_annotations),
            route_labels=KeyValues(told.route_labels),
            external_url=told.external_url,
            notification_reason=told.reason,
            truncated_alerts=told.folded,
            tell=tell,
            created_ns=told.created_ns,
        )

    @cached_property
    def story(self) -> Story:
        """Our own words for it."""
        return self.tell()

    def as_json(self) -> dict[str, Any]:
        """Write what ``toJson`` gives of the dot."""
        return {
            "receiver": self.receiver,
            "status": self.status,
            "alerts": [alert.as_json() for alert in self.alerts],
            "groupLabels": dict(self.group_labels),
            "commonLabels": dict(self.common_labels),
            "commonAnnotations": dict(self.common_annotations),
            "externalURL": self.external_url,
        }


class Words:
    """The definitions that a template may use, ours and the user's."""

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self._set = TemplateSet(functions=FUNCTIONS)
        self._set.add(DEFAULT_WORDS, name="default.tmpl")
        for path in files:
            self._set.add(path.read_text(encoding="utf-8"), name=path.name)

    @classmethod
    def from_patterns(cls, folder: Path, patterns: Sequence[str]) -> "Words":
        """Read the files that ``templates:`` names; a pattern without files is no fault."""
        files: list[Path] = []
        for pattern in patterns:
            path = folder / pattern
            files.extend(sorted(path.parent.glob(path.name)))
        return cls(files)

    def check(self, text: str) -> None:
        """Refuse a text that cannot be read; raises ``TemplateFault``."""
        self._set.check(text)

    def text(self, text: str, data: Data) -> str:
        """Render plain text; raises ``TemplateFault``."""
        return self._set.render(text, data, functions=_functions_at(data))

    def html(self, text: str, data: Data) -> str:
        """Render HTML, every value escaped for its place; raises ``TemplateFault``."""
        return self._set.render(text, data, html=True, functions=_functions_at(data))


@lru_cache(maxsize=4096)
def json_time(moment: Moment) -> str:
    """Write a time as Go writes it in JSON; the alerts of a storm share their times."""
    return moment.format("2006-01-02T15:04:05.999999999Z07:00")


def to_json(value: Any) -> str:
    """Write a value as JSON, in Go's manner."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _plain(value: Any) -> Any:
    if isinstance(value, AlertData | Data):
        return value.as_json()
    if isinstance(value, Pair):
        return {"Name": value.name, "Value": value.value}
    if isinstance(value, Moment):
        return json_time(value)
    if isinstance(value, Duration):
        return value.ns
    if isinstance(value, Labels):
        return dict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TemplateMisuse(f"{type_name(value)} has no JSON")


def _join(separator: str, texts: Sequence[Any]) -> str:
    return separator.join(str(text) for text in texts)


def _string_slice(*texts: str) -> list[str]:
    return list(texts)


def _list(*values: Any) -> list[Any]:
    return list(values)


def _append(values: Sequence[Any], *more: Any) -> list[Any]:
    return [*values, *more]


def _dict(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise TemplateMisuse("dict takes names and values in turn; the last value is missing")
    names, values = pairs[::2], pairs[1::2]
    if not all(isinstance(name, str) for name in names):
        raise TemplateMisuse("dict takes texts as names")
    return dict(zip(names, values, strict=True))


def _date(layout: str, moment: Any) -> str:
    return _moment(moment).format(layout)


def _tz(zone: str, moment: Any) -> Moment:
    return _moment(moment).to_zone(zone)


def _moment(value: Any) -> Moment:
    if not isinstance(value, Moment):
        raise TemplateMisuse(f"expected a time; got {type_name(value)}")
    return value


def _to_date(layout: str, text: str) -> Moment:
    try:
        return _must_to_date(layout, text)
    except TemplateMisuse:
        return Moment(ZERO_NS)


_LAYOUT_PARTS: Final = (
    ("2006", "%Y"),
    ("01", "%m"),
    ("02", "%d"),
    ("15", "%H"),
    ("04", "%M"),
    ("05", "%S"),
    ("Jan", "%b"),
    ("Mon", "%a"),
    ("Z07:00", "%z"),
    ("-0700", "%z"),
    ("MST", "%Z"),
)


def _must_to_date(layout: str, text: str) -> Moment:
    form = layout
    for part, directive in _LAYOUT_PARTS:
        form = form.replace(part, directive)
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007  # a zone is added where none is said
    except ValueError as fault:
        raise TemplateMisuse(f"cannot read {text!r} as a time: {fault}") from None
    known = read if read.tzinfo else read.replace(tzinfo=UTC)
    return Moment(round(known.timestamp() * 1e6) * 1000)


def _base64_decode(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise TemplateMisuse(f"cannot decode {text!r}: {fault}") from None


def _trim_space(text: str) -> str:
    return text.strip()


def _url_unescape(text: str) -> str:
    return unquote_plus(text)


def _safe_url(text: str) -> Url:
    return Url(text)


def _base64_encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _first(values: Sequence[Any]) -> Any:
    if not values:
        raise TemplateMisuse("first of nothing")
    return values[0]


def _last(values: Sequence[Any]) -> Any:
    if not values:
        raise TemplateMisuse("last of nothing")
    return values[-1]


def _not_now(*_values: Any) -> Any:
    raise TemplateMisuse("is known only while a message is written")


FUNCTIONS: Final[Functions] = {
    "append": _append,
    "base64decode": _base64_decode,
    "base64encode": _base64_encode,
    "date": _date,
    "dict": _dict,
    "first": _first,
    "humanize": prometheus.humanize,
    "humanize1024": prometheus.humanize1024,
    "humanizeDuration": prometheus.humanize_duration,
    "humanizePercentage": prometheus.humanize_percentage,
    "join": _join,
    "last": _last,
    "list": _list,
    "map": _dict,
    "match": prometheus.match,
    "mustToDate": _must_to_date,
    "now": _not_now,
    "reReplaceAll": prometheus.replace_all,
    "routeLabels": _not_now,
    "safeHtml": prometheus.safe_html,
    "safeUrl": _safe_url,
    "since": _not_now,
    "stringSlice": _string_slice,
    "title": prometheus.title,
    "toDate": _to_date,
    "toJson": to_json,
    "toLower": prometheus.to_lower,
    "toUpper": prometheus.to_upper,
    "trimSpace": _trim_space,
    "tz": _tz,
    "urlUnescape": _url_unescape,
}


def _functions_at(data: Data) -> Mapping[str, Callable[..., Any]]:
    # A message that is rendered again must say the same, so its time is that of its decision.
    now = Moment(data.created_ns)

    def since(moment: Any) -> Duration:
        return now.sub(_moment(moment))

    def route_labels(name: str) -> str:
        return data.route_labels.get(name, "")

    return {"now": lambda: now, "since": since, "routeLabels": route_labels}


__all__ = ["AlertData", "Alerts", "Data", "KeyValues", "TemplateFault", "Words", "to_json"]
