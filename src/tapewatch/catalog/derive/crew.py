"""
On call and actions in the form of the ``alerting:`` section.

A person is reached by the channel of the same name. The alerts of an owner's two upper severities
climb the escalation of the owner's schedule. Whether actions are armed, and which programs may run,
is for the server's settings alone: a pack arms nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.channel import Action
from tapewatch.catalog.people import Escalation, Schedule
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import quote

Plain = dict[str, Any]
CLIMBING: Final = ("P0", "P1")


def actions(catalogs: Sequence[Catalog], *, secrets: str) -> Plain:
    """Return the known actions of all packs by name."""
    return {
        f"{_prefix(catalogs, catalog)}{name}": _action(action, secrets)
        for catalog in catalogs
        for name, action in catalog.actions.items()
    }


def on_call(catalogs: Sequence[Catalog]) -> Plain:
    """Return people, schedules and escalations of all packs."""
    whole: Plain = {"people": {}, "schedules": {}, "escalations": []}
    for catalog in catalogs:
        prefix = _prefix(catalogs, catalog)
        for name, schedule in catalog.schedules.items():
            whole["people"] |= _people(catalog, schedule, prefix)
            whole["schedules"][f"{prefix}{name}"] = _schedule(schedule, prefix)
            whole["escalations"] += _escalations(catalog, name, schedule, prefix)
    return whole


def _prefix(catalogs: Sequence[Catalog], catalog: Catalog) -> str:
    return f"{catalog.platform.name}/" if len(catalogs) > 1 else ""


def _action(action: Action, secrets: str) -> Plain:
    told: Plain = {
        "kind": action.kind,
        "to": action.to,
        "help": action.help,
        "arguments": list(action.arguments),
        "service": action.service,
        "confirm": action.confirm,
        "timeout": format_duration_ms(action.timeout),
        "cool_down": format_duration_ms(action.cool_down),
    }
    if action.secret:
        told["token_file"] = f"{secrets}/{action.secret}"
    return told


def _people(catalog: Catalog, schedule: Schedule, prefix: str) -> Plain:
    people = {*schedule.people, *(cover.person for cover in schedule.cover)}
    return {
        f"{prefix}{name}": {"receiver": f"{prefix}{name}"} if name in catalog.channels else {}
        for name in sorted(people)
    }


def _schedule(schedule: Schedule, prefix: str) -> Plain:
    return {
        "people": [f"{prefix}{person}" for person in schedule.people],
        "title": schedule.title,
        "turn": format_duration_ms(schedule.turn),
        "starts": schedule.starts,
        "time_zone": schedule.time_zone,
        "cover": [
            {"person": f"{prefix}{each.person}", "from": each.from_, "to": each.to}
            for each in schedule.cover
        ],
    }


def _escalations(catalog: Catalog, name: str, schedule: Schedule, prefix: str) -> Iterator[Plain]:
    owners = [owner for owner, each in catalog.owners.items() if each.schedule == name]
    steps = [told for each in schedule.escalation if (told := _step(catalog, each, prefix))]
    if not (owners and steps):
        return
    matchers = [f"owner=~{quote('|'.join(owners))}", f"priority=~{quote('|'.join(CLIMBING))}"]
    if prefix:
        matchers.append(f"platform={quote(catalog.platform.name)}")
    group_by = list(catalog.platform.group_by)
    yield {"name": f"{prefix}{name}", "matchers": matchers, "group_by": group_by, "steps": steps}


def _step(catalog: Catalog, step: Escalation, prefix: str) -> Plain:
    """Write a step, or nothing where it would lead to nobody."""
    told: Plain = {"after": format_duration_ms(step.after)}
    if step.channels:
        told["receivers"] = [f"{prefix}{each}" for each in step.channels]
    known = catalog.schedules.get(step.schedule)
    reached = known is not None and all(each in catalog.channels for each in known.people)
    if reached or (known is not None and step.channels):
        told["schedule"] = f"{prefix}{step.schedule}"
    return told if len(told) > 1 else {}
