"""Checks of names that stand for other things, and of what stands in each other's way."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tapewatch.catalog.calendars import asked_calendars
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.platform import ENGINE_PORTS
from tapewatch.document.reading import suggestion
from tapewatch.watch.calendars.calendar import calendar
from tapewatch.watch.errors import UnknownCalendar


class Reference(NamedTuple):
    """A setting that names other things: where it stands, and the section of what it names."""

    section: str
    setting: str
    target: str


REFERENCES: Final = (
    Reference("owners", "schedule", "schedules"),
    Reference("services", "owner", "owners"),
    Reference("services", "needs", "services"),
    Reference("metrics", "service", "services"),
    Reference("alerts", "owner", "owners"),
    Reference("alerts", "service", "services"),
    Reference("alerts", "channels", "channels"),
    Reference("alerts", "triggers", "actions"),
    Reference("alerts", "consequences", "alerts"),
    Reference("alerts", "leads_to", "alerts"),
    Reference("alerts", "dashboard", "dashboards"),
    Reference("objectives", "owner", "owners"),
    Reference("objectives", "service", "services"),
    Reference("log_queries", "service", "services"),
    Reference("maintenance", "owner", "owners"),
    Reference("maintenance", "mutes", "alerts"),
    Reference("maintenance", "runbook", "runbooks"),
)
_OF_BASES: Final = frozenset(("owners", "channels", "services", "dashboards", "actions"))
"""What a base pack may name without declaring it: the platform that uses it does."""


def find_unknown_name(review: Review) -> Iterator[Hit]:
    """Find names that nothing has."""
    catalog = review.catalog
    for reference in REFERENCES:
        known = (
            catalog.section(reference.target)
            if reference.target != "runbooks"
            else (catalog.runbooks)
        )
        if catalog.platform.base and reference.target in _OF_BASES:
            continue
        for name, thing in catalog.section(reference.section).items():
            given = getattr(thing, reference.setting)
            for each in given if isinstance(given, tuple) else (given,):
                if each and each not in known:
                    told = f"{reference.target} has no {each!r}{suggestion(each, known)}"
                    yield Hit(reference.section, name, (reference.setting,), told)
    yield from _of_platform(review)
    yield from _of_schedules(review)
    yield from _of_calendars(review)


def _of_platform(review: Review) -> Iterator[Hit]:
    catalog = review.catalog
    owner = catalog.platform.owner
    if owner and owner not in catalog.owners:
        told = f"owners has no {owner!r}{suggestion(owner, catalog.owners)}"
        yield Hit("platform", "", ("owner",), told)
    for severity, words in catalog.platform.severities.items():
        for channel in words.channels:
            if channel not in catalog.channels:
                told = f"channels has no {channel!r}{suggestion(channel, catalog.channels)}"
                yield Hit("platform", "", ("severities", severity, "channels"), told)


def _of_schedules(review: Review) -> Iterator[Hit]:
    catalog = review.catalog
    for name, schedule in catalog.schedules.items():
        for index, step in enumerate(schedule.escalation):
            for channel in step.channels:
                if channel not in catalog.channels:
                    told = f"channels has no {channel!r}{suggestion(channel, catalog.channels)}"
                    yield Hit("schedules", name, ("escalation", index), told)
            if not (step.channels or step.schedule):
                yield Hit("schedules", name, ("escalation", index), "reaches nobody")
            if step.schedule and step.schedule not in catalog.schedules:
                told = f"schedules has no {step.schedule!r}"
                yield Hit("schedules", name, ("escalation", index), told)
            elif not step.channels:
                for person in _unreachable(catalog, step.schedule):
                    told = f"reaches nobody while {person!r} is on call: no channel is called so"
                    yield Hit("schedules", name, ("escalation", index), told)


def _unreachable(catalog: Catalog, schedule: str) -> list[str]:
    known = catalog.schedules.get(schedule)
    people = known.people if known is not None else ()
    return [each for each in people if each not in catalog.channels]


def _of_calendars(review: Review) -> Iterator[Hit]:
    for section, name, setting, asked in asked_calendars(review.catalog):
        try:
            calendar(asked)
        except UnknownCalendar as fault:
            yield Hit(section, name, (setting,), str(fault))


def find_port_clash(review: Review) -> Iterator[Hit]:
    """Find ports that two want on the same host."""
    taken = {("localhost", review.catalog.platform.port(engine)): engine for engine in ENGINE_PORTS}
    for name, service in review.catalog.services.items():
        for purpose, port in service.ports.items():
            other = taken.setdefault((_host(service.host), port), f"{name} ({purpose})")
            if other != f"{name} ({purpose})":
                message = f"wants port {port}, which {other} has on the same host"
                if other in ENGINE_PORTS:
                    message += f": move one, as with platform: engine_ports: {{{other}: …}}"
                yield Hit("services", name, ("ports", purpose), message)


def _host(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0") else host  # noqa: S104  # compared only


def find_unused(review: Review) -> Iterator[Hit]:
    """Find channels, owners, actions and limits that nothing names."""
    catalog = review.catalog
    if catalog.platform.base:
        return
    for section, used in (
        ("channels", _used_channels(review)),
        ("actions", {each for alert in catalog.alerts.values() for each in alert.triggers}),
    ):
        for name in catalog.own(section):
            if name not in used:
                yield Hit(section, name, (), "nothing names it: use it or leave it out")


def _used_channels(review: Review) -> set[str]:
    catalog = review.catalog
    used = {each for words in catalog.platform.severities.values() for each in words.channels}
    used |= {each for alert in catalog.alerts.values() for each in alert.channels}
    steps = (step for schedule in catalog.schedules.values() for step in schedule.escalation)
    return used | {each for step in steps for each in step.channels}


def find_circle_of_needs(review: Review) -> Iterator[Hit]:
    """Find services that cannot start before each other."""
    services = review.catalog.services
    for name in services:
        seen: set[str] = set()
        waiting = list(services[name].needs)
        while waiting:
            each = waiting.pop()
            if each == name:
                yield Hit("services", name, ("needs",), "needs itself, through others")
                break
            if each in services and each not in seen:
                seen.add(each)
                waiting.extend(services[each].needs)


_SERVICES = """\
services:
  gateway: {{ports: {{metrics: {port}}}, needs: [{needs}]}}
  risk: {{ports: {{metrics: 8002}}, needs: []}}
"""
_CHANNELS = """\
platform: {name: desk, severities: {P2: {word: medium, channels: [chat]}}}
channels:
  chat: {kind: slack, secret: slack}
"""
CHECKS = (
    Check(
        "TW601",
        "unknown-name",
        "A name that nothing has is a slip, or a thing that was taken away.",
        _SERVICES.format(port=8001, needs="rsik"),
        _SERVICES.format(port=8001, needs="risk"),
        find_unknown_name,
        plain=False,
    ),
    Check(
        "TW602",
        "port-clash",
        "Two programs cannot listen on one port. Where one of them is the pager's engine, alerts "
        "are posted to a trading service.",
        _SERVICES.format(port=9093, needs="risk"),
        _SERVICES.format(port=8001, needs="risk"),
        find_port_clash,
    ),
    Check(
        "TW603",
        "unused",
        "A channel that no severity and no alert names looks as if somebody would be told.",
        _CHANNELS + "  mail: {kind: email, to: desk@example.com}\n",
        _CHANNELS,
        find_unused,
        plain=False,
    ),
    Check(
        "TW604",
        "needs-itself",
        "Services that need each other cannot be started, and an outage has no first cause.",
        _SERVICES.format(port=8001, needs="gateway"),
        _SERVICES.format(port=8001, needs="risk"),
        find_circle_of_needs,
        plain=False,
    ),
)
