from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert


def test_the_fingerprint_is_the_one_that_alertmanager_prints():
    labels = Labels.of(alertname="FeedStale", team="exec", venue="X")
    assert Alert(labels).fingerprint == "13e4662a9fcdc370"


def test_an_alert_without_an_end_is_not_resolved():
    assert not Alert(Labels.of(alertname="A")).is_resolved(1)


def test_an_alert_is_resolved_from_its_end_on():
    alert = Alert(Labels.of(alertname="A"), ends_at_ns=10)
    assert [alert.is_resolved(now_ns) for now_ns in (9, 10, 11)] == [False, True, True]
