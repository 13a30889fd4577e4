from types import SimpleNamespace

from tests.alerting.saying import alert

from tapewatch.catalog.runbook import parse_runbook
from tapewatch.server.messages import runbook_steps

RUNBOOK = "# Feed stale\n\n## First steps\n\n1. Look at the feed\n2. Switch\n"


def test_the_steps_come_from_the_runbook_that_the_alert_links_to():
    catalog = SimpleNamespace(runbooks={"feed-stale": parse_runbook("feed-stale", RUNBOOK)})
    steps = runbook_steps(lambda: SimpleNamespace(catalogs=(catalog,)))
    linked = alert(runbook_url="http://tw.example:7600/runbooks/feed-stale#first-steps")
    assert steps(linked) == ["Look at the feed", "Switch"]
    assert steps(alert(runbook_url="http://elsewhere/x")) == ()
