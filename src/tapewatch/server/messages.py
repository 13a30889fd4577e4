"""What messages about alerts need from the rest of the server: runbooks and charts."""

from collections.abc import Callable, Sequence
from typing import Final

from tapewatch.alerting.channels.steps import steps_of
from tapewatch.alerting.channels.story import Steps
from tapewatch.alerting.notification import AlertView
from tapewatch.server.packs import Packs
from tapewatch.watch.service import WatchService

LATE_NS: Final = 60 * 1_000_000_000
"""How much later than its interval a group may be before alerts count as blind."""


def late_rules(watch: WatchService, now_ns: int) -> str:
    """Say which group of rules is not evaluated, empty where all are."""
    if not watch.ready():
        return "rules are not evaluated"
    for group in watch.groups():
        allowed_ns = 3 * round(group.interval_seconds * 1e9) + LATE_NS
        if group.last_evaluation_ns and now_ns - group.last_evaluation_ns > allowed_ns:
            late = (now_ns - group.last_evaluation_ns) // 1_000_000_000
            return f"the rules of {group.name} were not evaluated for {late} s"
    return ""


def runbook_steps(packs: Callable[[], Packs]) -> Steps:
    """Give the first steps of an alert's runbook, from the packs in use at the time."""

    def steps(alert: AlertView) -> Sequence[str]:
        name = alert.annotations.get("runbook_url").partition("#")[0].rstrip("/").rpartition("/")[2]
        for catalog in packs().catalogs:
            if name in catalog.runbooks:
                return steps_of(catalog.runbooks[name].first_steps)
        return ()

    return steps
