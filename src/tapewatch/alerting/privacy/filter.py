"""
The filter between the house and the outside.

A label or an annotation leaves as it is where it is on the built-in list or allowed by the channel,
as a keyed hash where its name says that it identifies an account, a client or an order, and not at
all otherwise. What was hashed or left out is also looked for in every text and link, since a
summary likes to repeat a label. Grouping still works: the same value has the same hash.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from tapewatch.alerting.notification import AlertView, Notification
from tapewatch.alerting.privacy.lists import ANNOTATIONS, LABELS, is_id
from tapewatch.model.labels import Labels
from tapewatch.sdk.redaction import REMOVED, Redactor

HASH_DIGITS: Final = 12
REMEMBERED: Final = 16_384
_REPEATED_MIN: Final = 3
"""Shorter values are not looked for in texts: they would be found everywhere."""

_URL: Final = re.compile(r"https?://[^\s<>\"'|]+")
_ORDER: Final = re.compile(
    r"(?i)\b((?:order|trade|fill|cl_?ord|client[_ ]?order)[_ ]?(?:id|number|no)?[=:# ]{1,2})"
    r"(?=[\w-]{0,64}\d)([\w-]{5,64})"
)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One thing that did not leave as it was."""

    where: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Filtered:
    """A notification as it leaves, and what was changed for that."""

    notification: Notification
    changes: tuple[Change, ...] = ()

    @property
    def hashed(self) -> frozenset[str]:
        """The labels whose values are not those that a query would find."""
        return frozenset(change.name for change in self.changes if change.how == "hashed")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a channel may be told beyond the built-in lists; inside the house that is everything."""

    labels: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    inside: bool = False


class PrivacyFilter:
    """Filters notifications with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._redactor = Redactor(key)
        # The words of an alert are said again and again, to every channel and in every storm.
        self._clean = lru_cache(maxsize=REMEMBERED)(self._redactor.text)

    def apply(self, told: Notification, allowance: Allowance) -> Filtered:
        """Return the notification as a channel may see it."""
        passing = _Passing(self, allowance, told)
        changed = passing.notification(told)
        return Filtered(changed, tuple(sorted(set(passing.changes))))

    def text(self, text: str) -> str:
        """Take credentials and addresses out of a text, such as an answer that is logged."""
        return self._clean(text)

    def hashed(self, name: str, value: str) -> str:
        """Replace a value by its keyed hash; the name's kind stands in front."""
        if "acc" in name.lower():
            return str(self._redactor.account(value))
        kind = next((word for word in _KINDS if word in name.lower()), "id")
        return f"{kind}-{self._digest(value)}"

    def alias(self, text: str) -> str:
        """Replace a text that others can compute, such as a fingerprint, by one of our own."""
        return self._digest(text, 16)

    def _digest(self, text: str, digits: int = HASH_DIGITS) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:digits]


_KINDS: Final = ("client", "order", "strategy", "trade", "user", "wallet", "portfolio")


@dataclass(slots=True)
class _Passing:
    """One notification on its way through the filter."""

    filter: PrivacyFilter
    allowance: Allowance
    told: Notification
    changes: list[Change] = field(default_factory=list)
    repeated: dict[str, str] = field(default_factory=dict)

    def notification(self, told: Notification) -> Notification:
        self._learn(told)
        group_labels = self._labels(told.group_labels, "group label")
        same_group = group_labels == told.group_labels
        return replace(
            told,
            group_key=told.group_key if same_group else self._group_key(told, group_labels),
            alerts=tuple(self._alert(alert) for alert in told.alerts),
            group_labels=group_labels,
            common_labels=self._labels(told.common_labels, "label"),
            common_annotations=self._annotations(told.common_annotations),
            route_labels=self._labels(told.route_labels, "route label"),
        )

    def _learn(self, told: Notification) -> None:
        # What is hidden under its name must not stand in a text either.
        if self.allowance.inside:
            return
        sets = [told.group_labels, told.common_labels, *(alert.labels for alert in told.alerts)]
        pairs = {pair for labels in sets for pair in labels}
        shown = {value for name, value in pairs if self._is_free(name)}
        for name, value in pairs:
            if len(value) >= _REPEATED_MIN and not self._is_free(name) and value not in shown:
                self.repeated[value] = self.filter.hashed(name, value) if is_id(name) else REMOVED

    def _is_free(self, name: str) -> bool:
        return self.allowance.inside or name in LABELS or name in self.allowance.labels

    def _group_key(self, told: Notification, labels: Labels) -> str:
        return f"{labels}#{self.filter.alias(told.group_key)}"

    def _alert(self, alert: AlertView) -> AlertView:
        labels = self._labels(alert.labels, "label")
        # A fingerprint is a plain hash of the labels: it would give away what was hidden.
        same = labels == alert.labels
        return replace(
            alert,
            labels=labels,
            annotations=self._annotations(alert.annotations),
            generator_url=self._url(alert.generator_url, "generator URL"),
            fingerprint=alert.fingerprint if same else self.filter.alias(alert.fingerprint),
            acknowledged_by=self._text(alert.acknowledged_by, "who acknowledged", ""),
        )

    def _labels(self, labels: Labels, where: str) -> Labels:
        return _same_or_new(labels, self._pairs(labels, where, self._is_free))

    def _annotations(self, annotations: Labels) -> Labels:
        allowed = ANNOTATIONS | self.allowance.annotations

        def is_free(name: str) -> bool:
            return self.allowance.inside or name in allowed

        return _same_or_new(annotations, self._pairs(annotations, "annotation", is_free))

    def _pairs(
        self, pairs: Labels, where: str, is_free: Callable[[str], bool]
    ) -> Iterator[tuple[str, str]]:
        for name, value in pairs:
            if is_free(name):
                yield name, self._text(value, where, name)
            elif is_id(name):
                self.changes.append(Change(where, name, "hashed"))
                yield name, self.filter.hashed(name, value)
            else:
                self.changes.append(Change(where, name, "left out"))

    def _text(self, text: str, where: str, name: str) -> str:
        if self.allowance.inside:
            return self._inside(text, where, name)
        clean = _URL.sub(lambda match: self._plain_url(match[0]), text) if "://" in text else text
        for value, stand_in in self._by_length():
            if value in clean:
                clean = _replaced(clean, value, stand_in)
        clean = _ORDER.sub(self._order, self.filter.text(clean))
        if clean != text:
            self.changes.append(Change(where, name, "cleaned"))
        return clean

    def _inside(self, text: str, where: str, name: str) -> str:
        clean = self.filter.text(text)
        if clean != text:
            self.changes.append(Change(where, name, "cleaned"))
        return clean

    def _by_length(self) -> Iterable[tuple[str, str]]:
        return sorted(self.repeated.items(), key=lambda pair: -len(pair[0]))

    def _order(self, match: re.Match[str]) -> str:
        if match[2].startswith("order-") or match[2] in self.repeated.values():
            return match[0]
        return match[1] + self.filter.hashed("order", match[2])

    def _url(self, url: str, where: str) -> str:
        clean = self._plain_url(url) if url else url
        if clean != url:
            self.changes.append(Change(where, "", "query left out"))
        return clean

    def _plain_url(self, url: str) -> str:
        if self.allowance.inside or (self._is_ours(url) and not self._tells(url)):
            return url
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        path = REMOVED if self._tells(parts.path) else parts.path
        return urlunsplit((parts.scheme, host, path, "", ""))

    def _is_ours(self, url: str) -> bool:
        base = self.told.external_url.rstrip("/")
        return bool(base) and (url == base or url.startswith((f"{base}/", f"{base}?")))

    def _tells(self, url: str) -> bool:
        plain = unquote(url)
        return any(value in plain for value in self.repeated)


def _replaced(text: str, value: str, stand_in: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _: stand_in, text)


def _same_or_new(labels: Labels, pairs: Iterator[tuple[str, str]]) -> Labels:
    kept = tuple(pairs)
    return labels if kept == labels else Labels.of(dict(kept))
