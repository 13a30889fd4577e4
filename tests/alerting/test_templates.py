import pytest
from tests.alerting.saying import alert, context, notification

from tapewatch.alerting.channels.default_words import DEFAULT_WORDS
from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.story import tell
from tapewatch.alerting.notification import RESOLVED
from tapewatch.alerting.templates import Data, Words
from tapewatch.document.fields import settings_of
from tapewatch.model.labels import Labels
from tapewatch.watch.errors import TemplateFault


def say(text, told=None, words=None):
    told = told or notification()
    return (words or Words()).text(text, Data.of(told, lambda: tell(told)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ .Status | toUpper }}", "FIRING"),
        ('{{ .GroupLabels.SortedPairs.Values | join " " }}', "FeedStale X"),
        ('{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join " " }}', "BTC"),
        ("{{ .CommonLabels.nothing }}", ""),
        ("{{ .CommonLabels }}", "alertname=FeedStale, symbol=BTC, venue=X"),
        ("{{ len .Alerts.Firing }}/{{ len .Alerts.Resolved }}", "1/1"),
        ("{{ range .Alerts.Firing }}{{ .Labels.symbol }}{{ end }}", "BTC"),
        ('{{ (index .Alerts 0).StartsAt.Format "15:04:05" }}', "22:13:20"),
        (
            '{{ (index .Alerts 0).StartsAt | tz "America/New_York" | date "15:04 MST" }}',
            "17:13 EST",
        ),
        ("{{ since (index .Alerts 0).StartsAt }}", "10s"),
        ("{{ (since (index .Alerts 0).StartsAt).Seconds | humanizeDuration }}", "10s"),
        ('{{ now | date "15:04:05" }}', "22:13:30"),
        ('{{ title "feed stale" }} {{ trimSpace " x " }}', "Feed Stale x"),
        ('{{ if match "^Feed" .CommonLabels.alertname }}yes{{ end }}', "yes"),
        ('{{ reReplaceAll "F(.)" "${1}f" "Feed" }}', "efed"),
        ('{{ stringSlice "a" "b" | join "-" }}', "a-b"),
        ('{{ (dict "a" 1).a }}{{ append (list 1 2) 3 | len }}', "13"),
        ('{{ base64encode "a?b" }} {{ base64encode "a" | base64decode }}', "YT9i a"),
        ('{{ urlUnescape "a%20b" }} {{ "a b" | urlquery }}', "a b a+b"),
        ('{{ (toDate "2006-01-02" "2026-02-03").Year }}', "2026"),
        ('{{ (toDate "2006-01-02" "nonsense").IsZero }}', "true"),
        ("{{ .NotificationReason }} {{ .TruncatedAlerts }}", "first notification 0"),
        ('{{ routeLabels "desk" }}', "exec"),
        ("{{ toJson .GroupLabels }}", '{"alertname":"FeedStale","venue":"X"}'),
        ('{{ toJson "<b>&" }}', '"\\u003cb\\u003e\\u0026"'),
        ("{{ .Story.Title }}", "[P0] FeedStale · X"),
    ],
)
def test_what_templates_can_say(text, said):
    told = notification(alert(), alert(RESOLVED), route_labels=Labels.of(desk="exec"))
    assert say(text, told) == said


def test_alerts_are_written_as_json_like_those_of_a_webhook():
    text = say("{{ .Alerts | toJson }}")
    assert text.startswith('[{"status":"firing","labels":{"alertname":"FeedStale"')
    assert '"endsAt":"0001-01-01T00:00:00Z"' in text


@pytest.mark.parametrize(
    "text", ['{{ mustToDate "2006" "x" }}', '{{ dict "a" }}', '{{ template "none" . }}']
)
def test_what_cannot_be_said_is_a_fault(text):
    with pytest.raises(TemplateFault):
        say(text)


def test_every_default_of_every_channel_can_be_said():
    told = notification(alert(), alert(RESOLVED))
    for kind in KINDS.values():
        for setting in settings_of(kind.settings):
            if isinstance(setting.default, str):
                assert "<no value>" not in say(setting.default, told)


def test_a_user_s_files_replace_our_words(tmp_path):
    (tmp_path / "desk.tmpl").write_text(
        '{{ define "__subject" }}desk: {{ .Status }}{{ end }}{{ define "own" }}own{{ end }}'
    )
    words = Words.from_patterns(tmp_path, ["*.tmpl", "none/*.tmpl"])
    assert say('{{ template "slack.default.title" . }}', words=words) == "desk: firing"
    assert say('{{ template "own" . }}', words=words) == "own"


def test_a_template_that_fails_is_noted_and_replaced():
    message = context()
    assert message.text("{{ .Nothing }}", "plain") == "plain"
    assert message.text("{{ unknown }}", lambda: "later") == "later"
    assert len(message.faults) == 2


def test_mail_escapes_what_comes_from_outside():
    told = notification(alert(summary="<img src=x onerror=alert(1)>", runbook_url="javascript:x"))
    data = Data.of(told, lambda: tell(told))
    markup = Words().html('{{ template "email.default.html" . }}', data)
    assert "<img" not in markup
    assert "javascript:" not in markup


@pytest.mark.parametrize("kind", ["slack", "discord", "email", "telegram", "pagerduty", "opsgenie"])
def test_the_names_of_alertmanager_are_defined(kind):
    assert f'define "{kind}.default.' in DEFAULT_WORDS
