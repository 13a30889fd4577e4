"""
``/rules``, ``/alerts`` and ``/alertmanagers``.

What is shown is ``watch``'s; here it gets the shape that Prometheus' clients know.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute

from tapewatch.model.digits import format_double
from tapewatch.model.durations import format_time_ns
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint
from tapewatch.server.faces.prometheus.parameters import refuse
from tapewatch.server.faces.prometheus.targets import NEVER
from tapewatch.watch.rules.views import ALERTING, RECORDING, AlertView, GroupView, RuleView

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/rules", rules)
    yield endpoint(server, f"{PREFIX}/alerts", alerts)
    yield endpoint(server, f"{PREFIX}/alertmanagers", alertmanagers)


async def rules(call: Call) -> Data:
    """List groups with their rules."""
    wish = Wish.of(call)
    groups = [group for group in call.server.watch.groups() if wish.wants_group(group)]
    page, token = _page(call, groups)
    shown = [each for group in page if (each := _group(group, wish))]
    told: dict[str, Any] = {"groups": shown}
    return Data({**told, "groupNextToken": token} if token else told)


async def alerts(call: Call) -> Data:
    """List alerts that are pending or firing."""
    found = (
        _alert(alert)
        for group in call.server.watch.groups()
        for rule in group.rules
        for alert in rule.alerts
    )
    return Data({"alerts": list(found)})


async def alertmanagers(call: Call) -> Data:
    """List where alerts are sent."""
    active = [{"url": url} for url in call.server.watch.alertmanagers()]
    return Data({"activeAlertmanagers": active, "droppedAlertmanagers": []})


@dataclass(frozen=True, slots=True)
class Wish:
    """Which rules a request asks for."""

    kind: str
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    selectors: tuple[tuple[Matcher, ...], ...]
    with_alerts: bool

    @classmethod
    def of(cls, call: Call) -> "Wish":
        """Read the parameters."""
        parameters = call.parameters
        kind = parameters.get("type").lower()
        if kind not in ("", "alert", "record"):
            raise refuse("type", f'not supported value "{kind}"')
        return cls(
            kind={"alert": ALERTING, "record": RECORDING}.get(kind, ""),
            names=frozenset(parameters.all("rule_name[]")),
            groups=frozenset(parameters.all("rule_group[]")),
            files=frozenset(parameters.all("file[]")),
            selectors=tuple(parameters.selectors()),
            with_alerts=not parameters.flag("exclude_alerts", default=False),
        )

    def wants_group(self, group: GroupView) -> bool:
        """Say whether a group is asked for."""
        named = not self.groups or group.name in self.groups
        return named and (not self.files or group.file in self.files)

    def wants(self, rule: RuleView) -> bool:
        """Say whether a rule is asked for."""
        if self.kind and rule.kind != self.kind:
            return False
        if self.names and rule.name not in self.names:
            return False
        return not self.selectors or any(match_all(each, rule.labels) for each in self.selectors)


def _page(call: Call, groups: Sequence[GroupView]) -> tuple[Sequence[GroupView], str]:
    """Return the groups of one page, and the token of the next one."""
    limit, token = call.parameters.count("group_limit"), call.parameters.get("group_next_token")
    if token and not limit:
        reason = "group_limit needs to be present in order to paginate over the groups"
        raise Refusal(400, "bad_data", reason)
    tokens = [token_of(group) for group in groups]
    if token and token not in tokens:
        reason = f"invalid group_next_token '{token}'. were rule groups changed?"
        raise Refusal(400, "bad_data", reason)
    first = tokens.index(token) if token else 0
    last = first + limit if limit else len(groups)
    return groups[first:last], tokens[last] if last < len(groups) else ""


def token_of(group: GroupView) -> str:
    """Return what names a group between two pages."""
    return sha256(f"{group.file};{group.name}".encode()).hexdigest()[:40]


def _group(group: GroupView, wish: Wish) -> dict[str, Any] | None:
    chosen = [_rule(rule, wish) for rule in group.rules if wish.wants(rule)]
    if not chosen and group.rules:
        return None
    return {
        "name": group.name,
        "file": group.file,
        "rules": chosen,
        "interval": group.interval_seconds,
        "limit": group.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": _time(group.last_evaluation_ns),
    }


def _rule(rule: RuleView, wish: Wish) -> dict[str, Any]:
    common = {
        "name": rule.name,
        "query": rule.query,
        "labels": dict(rule.labels),
        "health": rule.health,
        "evaluationTime": rule.evaluation_seconds,
        "lastEvaluation": _time(rule.last_evaluation_ns),
        "type": rule.kind,
        **({"lastError": rule.last_error} if rule.last_error else {}),
    }
    if rule.kind != ALERTING:
        return common
    return {
        **common,
        "state": rule.state,
        "duration": rule.for_seconds,
        "keepFiringFor": rule.keep_firing_seconds,
        "annotations": dict(rule.annotations),
        "alerts": [_alert(alert) for alert in rule.alerts] if wish.with_alerts else [],
    }


def _alert(alert: AlertView) -> dict[str, Any]:
    since = alert.keep_firing_since_ns
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state,
        "activeAt": _time(alert.active_at_ns),
        **({"keepFiringSince": _time(since)} if since else {}),
        "value": exponential(alert.value),
    }


def exponential(value: float) -> str:
    """Write a number as Go's ``%e`` with the shortest digits, which is how alerts show theirs."""
    if not isfinite(value):
        return format_double(value)
    mantissa, _, power = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa}e{power[0]}{int(power[1:]):02d}"


def _time(time_ns: int) -> str:
    return format_time_ns(time_ns) if time_ns else NEVER
