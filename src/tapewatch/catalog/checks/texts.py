"""Checks of what an alert says: what it gives away, and whether it can be said at all."""

import re
from collections.abc import Iterator

from tapewatch.alerting.privacy.lists import LABELS, is_id
from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import ALERT_TEXTS, Review, ReviewedAlert
from tapewatch.catalog.templates import render
from tapewatch.document.reading import suggestion
from tapewatch.model.errors import TapewatchError

_ASKED = re.compile(
    r"\$labels\.([A-Za-z_]\w*)|\.Labels\.([A-Za-z_]\w*)"
    r"|index\s+\$labels\s+\"([^\"]+)\"|index\s+\.Labels\s+\"([^\"]+)\""
)
_STATIC = frozenset(("alertname", "severity", "priority", "owner"))


def find_private_label(review: Review) -> Iterator[Hit]:
    """Find texts that show what must not leave the desk."""
    private = review.catalog.private_labels()
    for reviewed, setting, text in _texts(review):
        for label in _asked(text):
            if label in private:
                message = (
                    f"shows the label {label}, which is private and would leave the desk with "
                    "every message: leave it out, and sum over it in the expression"
                )
                yield Hit("alerts", reviewed.name, (setting,), message)


def find_label_not_carried(review: Review) -> Iterator[Hit]:
    """Find texts that ask for labels that the expression does not have."""
    for reviewed, setting, text in _texts(review):
        known = reviewed.carried
        if known is None:
            continue
        alert = reviewed.alert
        service = {"service"} if alert.service else set()
        here = known | _STATIC | frozenset(alert.labels) | service
        for label in _asked(text):
            if label not in here:
                message = (
                    f"asks for the label {label}, which the expression does not carry"
                    f"{suggestion(label, known)}; it would be empty"
                )
                yield Hit("alerts", reviewed.name, (setting,), message)


def find_held_back_label(review: Review) -> Iterator[Hit]:
    """Find texts that show labels which no message may show."""
    catalog = review.catalog
    if catalog.platform.base:
        return
    for reviewed, setting, text in _texts(review):
        allowed = LABELS | frozenset(catalog.may_leave(reviewed.alert)) | _STATIC
        for label in _asked(text):
            # What names somebody is hashed, which still tells one from another.
            if label not in allowed | catalog.private_labels() and not is_id(label):
                message = (
                    f"shows the label {label}, which is taken out of every message: allow it with "
                    f"may_leave: [{label}], or leave it out"
                )
                yield Hit("alerts", reviewed.name, (setting,), message)


def find_failing_template(review: Review) -> Iterator[Hit]:
    """Find texts that cannot be rendered."""
    for reviewed, setting, text in _texts(review):
        if "{{" not in text:
            continue
        try:
            render(review.catalog.say(text), {}, 1.0)
        except TapewatchError as fault:
            yield Hit("alerts", reviewed.name, (setting,), f"cannot be rendered: {fault}")


def _texts(review: Review) -> Iterator[tuple[ReviewedAlert, str, str]]:
    for reviewed in review.alerts:
        for setting in ALERT_TEXTS:
            if text := getattr(reviewed.alert, setting):
                yield reviewed, setting, text


def _asked(text: str) -> list[str]:
    """Name the labels that a template asks for, each once."""
    found = (next(filter(None, groups)) for groups in _ASKED.findall(text))
    return list(dict.fromkeys(found))


_LOSS = """\
labels:
  account: {{at_most: 20, private: true}}
metrics:
  pnl_usd: {{help: Profit and loss., labels: {{account: , symbol: 40}}, signed: true}}
alerts:
  LossHigh:
    severity: P1
    expr: {expr} < -5000
    summary: "{summary}"
"""
CHECKS = (
    Check(
        "TW401",
        "private-label-shown",
        "Messages go through other people's servers and stay there. What is private must not "
        "stand in them.",
        _LOSS.format(expr="pnl_usd", summary="Account {{ $labels.account }} loses"),
        _LOSS.format(expr="sum by (symbol) (pnl_usd)", summary="{{ $labels.symbol }} loses"),
        find_private_label,
    ),
    Check(
        "TW402",
        "template-fails",
        "A template that fails leaves an error where the words should be, or no message at all.",
        _LOSS.format(expr="sum(pnl_usd)", summary="Loss {{ $value | humanise }}"),
        _LOSS.format(expr="sum(pnl_usd)", summary="Loss {{ $value | humanize }}"),
        find_failing_template,
    ),
    Check(
        "TW403",
        "label-not-carried",
        "A label that was summed away is empty in the text: nobody learns which one it is.",
        _LOSS.format(expr="sum(pnl_usd)", summary="{{ $labels.symbol }} loses"),
        _LOSS.format(expr="sum by (symbol) (pnl_usd)", summary="{{ $labels.symbol }} loses"),
        find_label_not_carried,
    ),
    Check(
        "TW404",
        "label-held-back",
        "What is not known to be harmless is taken out on its way to a chat or a pager, in texts "
        "too. A summary that names such a label says nothing there.",
        _LOSS.format(expr="sum by (model) (pnl_usd)", summary="{{ $labels.model }} loses"),
        _LOSS.format(expr="sum by (symbol) (pnl_usd)", summary="{{ $labels.symbol }} loses"),
        find_held_back_label,
        plain=False,
    ),
)
