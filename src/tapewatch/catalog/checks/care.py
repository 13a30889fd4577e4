"""Checks of the care that an alert needs: an owner, a runbook, a route, a test."""

from collections.abc import Iterator

from tapewatch.catalog.channel import PAGERS
from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.checks.tested import tested_alerts

_URGENT = ("P0", "P1")


def find_owner_missing(review: Review) -> Iterator[Hit]:
    """Find alerts, objectives and services that are nobody's."""
    catalog = review.catalog
    if catalog.platform.base:
        return
    sections = ("alerts",) if review.plain else ("alerts", "objectives", "services")
    for section in sections:
        for name, thing in catalog.section(section).items():
            if not catalog.owner_of(thing):
                message = "is nobody's: give it an owner, or the platform one"
                yield Hit(section, name, ("owner",), message)


def find_runbook_missing(review: Review) -> Iterator[Hit]:
    """Find alerts and objectives without a runbook."""
    catalog = review.catalog
    for section in ("alerts", "objectives"):
        for name, thing in catalog.section(section).items():
            runbook = catalog.runbook_of(name, thing)
            if review.plain:
                if not thing.runbook:
                    message = "has no runbook: add the annotation runbook_url"
                    yield Hit(section, name, ("runbook",), message)
            elif runbook not in catalog.runbooks:
                message = f"has no runbook: write runbooks/{runbook}.md, or name another"
                yield Hit(section, name, ("runbook",), message)


def find_test_missing(review: Review) -> Iterator[Hit]:
    """Find alerts that no test sees fire, or none sees quiet."""
    firing, quiet = tested_alerts(review.catalog.tests)
    for name in review.catalog.alerts:
        if name not in firing:
            yield Hit("alerts", name, (), "no test sees it fire: write one into tests/")
        if name not in quiet:
            yield Hit("alerts", name, (), "no test sees it stay quiet: write one into tests/")


def find_route_missing(review: Review) -> Iterator[Hit]:
    """Find alerts that go nowhere."""
    catalog = review.catalog
    if catalog.platform.base:
        return
    for name, alert in catalog.alerts.items():
        if not catalog.channels_of(alert):
            message = f"goes nowhere: give it channels, or the severity {alert.severity}"
            yield Hit("alerts", name, ("channels",), message)


def find_summary_missing(review: Review) -> Iterator[Hit]:
    """Find alerts that do not say what is wrong."""
    for name, alert in review.catalog.alerts.items():
        for setting in ("summary", "description"):
            if not getattr(alert, setting):
                yield Hit("alerts", name, (setting,), f"has no {setting}: say what is wrong")


def find_impact_missing(review: Review) -> Iterator[Hit]:
    """Find urgent alerts that do not say what they cost and what to do."""
    for name, alert in review.catalog.alerts.items():
        for setting in ("impact", "action"):
            if alert.severity in _URGENT and not getattr(alert, setting):
                message = f"has no {setting}, and wakes somebody ({alert.severity})"
                yield Hit("alerts", name, (setting,), message)


def find_nobody_woken(review: Review) -> Iterator[Hit]:
    """Find P0 alerts that reach no pager."""
    catalog = review.catalog
    for name, alert in catalog.alerts.items():
        channels = catalog.channels_of(alert)
        kinds = {catalog.channels[each].kind for each in channels if each in catalog.channels}
        if alert.severity == "P0" and kinds and not kinds & PAGERS:
            told = ", ".join(channels)
            message = f"is P0 and goes to {told}, which wakes nobody: add a pager"
            yield Hit("alerts", name, ("channels",), message)


_CARED = """\
platform:
  name: desk
{owner}  severities: {{P0: {{word: critical, channels: [{channel}]}}}}
owners: {{trading: {{title: Trading}}}}
channels:
  pager: {{kind: pagerduty, secret: pagerduty}}
  chat: {{kind: slack, secret: slack}}
alerts:
  DeskDown:
    severity: P0
    expr: up{{job="desk"}} == 0
{words}"""
_WORDS = """\
    summary: The desk is down
    description: It has not answered for a minute.
    impact: No orders are sent.
    action: Restart it.
"""
_OWNER = "  owner: trading\n"
_GOOD = _CARED.format(owner=_OWNER, channel="pager", words=_WORDS)
_TEST = """\
tests:
  - input_series: [{series: 'up{job="desk"}', values: "1 0"}]
    alert_rule_test:
      - {eval_time: 0m, alertname: DeskDown}
      - {eval_time: 1m, alertname: DeskDown, exp_alerts: [{exp_labels: {job: desk}}]}
"""
CHECKS = (
    Check(
        "TW301",
        "owner-missing",
        "An alert that is nobody's is answered by nobody.",
        _CARED.format(owner="", channel="pager", words=_WORDS),
        _GOOD,
        find_owner_missing,
    ),
    Check(
        "TW302",
        "runbook-missing",
        "At 03:00 nobody remembers what to do. Without a runbook an alert is noise.",
        _GOOD,
        {"desk.yaml": _GOOD, "runbooks/desk-down.md": "# Desk down\n"},
        find_runbook_missing,
    ),
    Check(
        "TW303",
        "test-missing",
        "An alert that was never seen to fire may never fire; one that was never seen quiet may "
        "always.",
        _GOOD,
        {"desk.yaml": _GOOD, "tests/desk.yaml": _TEST},
        find_test_missing,
        plain=False,
    ),
    Check(
        "TW304",
        "route-missing",
        "An alert that goes nowhere fires for itself.",
        _CARED.format(owner=_OWNER, channel="", words=_WORDS),
        _GOOD,
        find_route_missing,
        plain=False,
    ),
    Check(
        "TW305",
        "summary-missing",
        "The summary is the line on the phone, the description is what was measured against what.",
        _CARED.format(owner=_OWNER, channel="pager", words=""),
        _GOOD,
        find_summary_missing,
    ),
    Check(
        "TW306",
        "impact-missing",
        "Who is woken has to know at once what it costs, and what to do first.",
        _CARED.format(owner=_OWNER, channel="pager", words=""),
        _GOOD,
        find_impact_missing,
        plain=False,
    ),
    Check(
        "TW307",
        "nobody-woken",
        "P0 means that money is being lost now. A chat at night is read in the morning.",
        _CARED.format(owner=_OWNER, channel="chat", words=_WORDS),
        _GOOD,
        find_nobody_woken,
        plain=False,
    ),
)
