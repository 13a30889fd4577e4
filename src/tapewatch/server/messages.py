"""What messages about alerts need from the rest of the server: runbooks and charts."""

from collections.abc import Callable, Sequence

from tapewatch.alerting.channels.steps import steps_of
from tapewatch.alerting.channels.story import Steps
from tapewatch.alerting.notification import AlertView
from tapewatch.server.packs import Packs


def runbook_steps(packs: Callable[[], Packs]) -> Steps:
    """Give the first steps of an alert's runbook, from the packs in use at the time."""

    def steps(alert: AlertView) -> Sequence[str]:
        name = alert.annotations.get("runbook_url").partition("#")[0].rstrip("/").rpartition("/")[2]
        for catalog in packs().catalogs:
            if name in catalog.runbooks:
                return steps_of(catalog.runbooks[name].first_steps)
        return ()

    return steps
