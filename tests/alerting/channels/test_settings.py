import pytest

from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.settings.forms import parse_go_duration_ms
from tapewatch.alerting.channels.settings.shared import SharedSettings
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.model.errors import BadText


def settings(key, text, shared="{}"):
    read = read_text(text, KINDS[f"{key}_configs"].settings)
    return read.with_shared(read_text(shared, SharedSettings))


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("webhook", "{}", "needs url or url_file"),
        ("webhook", "{url: ftp://x}", "is not a URL"),
        ("webhook", "{url: 'http://x', url_file: f}", "exclude each other"),
        ("webhook", "{url: 'http://x', timeout: 10}", "write numbers with units"),
        ("webhook", "{url: 'http://x', max_alert: 1}", "did you mean max_alerts"),
        ("webhook", "{url: 'http://x', tapewatch: {hmac_secrets: x}}", "did you mean hmac_secret"),
        ("webhook", "{url: 'http://x', tapewatch: {per_second: 0}}", "0 is not above 0"),
        ("slack", "{api_url: 'http://x', app_token: t}", "exclude each other"),
        ("slack", "{api_url: 'http://x', actions: [{type: button, text: t}]}", "name or url"),
        ("slack", "{api_url: 'http://x', fields: [{title: t}]}", "must not be empty"),
        ("pagerduty", "{}", "needs routing_key or service_key"),
        ("email", "{}", "to: must not be empty"),
        ("email", "{to: a, headers: {Subject: a, subject: b}}", "header subject occurs twice"),
        ("email", "{to: a, threading: {enabled: true}}", "must be none or daily"),
        ("email", "{to: a, smarthost: h}", "write the port too"),
        ("telegram", "{}", "needs chat_id or chat_id_file"),
        ("telegram", "{chat_id: 1, parse_mode: md}", "is not one of HTML"),
        ("discord", "{}", "needs webhook_url"),
        ("msteamsv2", "{}", "needs webhook_url"),
        ("opsgenie", "{responders: [{type: team}]}", "needs id, name or username"),
        ("opsgenie", "{responders: [{name: x, type: boss}]}", "'boss' is not one of team"),
        ("pushover", "{user_key: u, token: t, html: true, monospace: true}", "exclude each other"),
        ("webex", "{room_id: r}", "needs authorization"),
        (
            "victorops",
            "{routing_key: r, custom_fields: {entity_id: x}}",
            "writes this field itself",
        ),
        ("jira", "{project: P}", "issue_type: must not be empty"),
        ("jira", "{project: P, issue_type: B, api_type: server}", "auto, cloud, datacenter"),
        ("incidentio", "{url: 'http://x', http_config: {}}", "needs alert_source_token"),
        ("wechat", "{message_type: html}", "text, markdown"),
        ("sns", "{topic_arn: a, phone_number: b}", "exactly one"),
        ("ntfy", "{}", "topic: must not be empty"),
        ("command", "{command: [/bin/x]}", "not listed under allowed"),
    ],
)
def test_a_slip_is_told(key, text, words):
    with pytest.raises(DocumentError, match=words):
        settings(key, text)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("slack", "{}", "no webhook and no token"),
        ("email", "{to: a}", "no server"),
        ("telegram", "{chat_id: 1}", "no token"),
        ("opsgenie", "{}", "no key"),
        ("victorops", "{routing_key: r}", "no key"),
        ("mattermost", "{}", "no webhook"),
        ("rocketchat", "{}", "no token"),
        ("wechat", "{}", "no secret"),
        ("jira", "{project: P, issue_type: B}", "no server"),
    ],
)
def test_what_neither_says_is_missing(key, text, words):
    assert words in " ".join(message for _, message in settings(key, text).lacks())


def test_a_pair_comes_from_global_together():
    shared = "{telegram_bot_token: global}"
    assert settings("telegram", "{chat_id: 1}", shared).bot_token.reveal() == "global"
    own = settings("telegram", "{chat_id: 1, bot_token_file: /own}", shared)
    assert own.bot_token is None


def test_a_token_of_slack_becomes_the_authorization():
    made = settings("slack", "{channel: '#x'}", "{slack_app_token: xoxb}")
    assert made.is_app
    assert made.api_url.reveal() == "https://slack.com/api/chat.postMessage"
    assert made.http_config.authorization.credentials.reveal() == "xoxb"


def test_a_webhook_of_slack_needs_no_token():
    made = settings("slack", "{api_url: 'https://hooks.slack.com/x'}", "{slack_app_token: xoxb}")
    assert not made.is_app
    assert made.http_config.authorization is None


def test_a_secret_url_is_not_repeated_in_a_fault():
    with pytest.raises(DocumentError) as caught:
        settings("slack", "{api_url: 'hooks.slack.com/services/s3cret'}")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "ms"), [("0", 0), ("10s", 10_000), ("1m30s", 90_000), ("1.5s", 1_500), ("250us", 0)]
)
def test_durations_are_those_of_go(text, ms):
    assert parse_go_duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "10", "1d", "s", "1s 2s"])
def test_other_durations_are_refused(text):
    with pytest.raises(BadText, match="is not a duration"):
        parse_go_duration_ms(text)


def test_fields_of_jira_are_read_in_both_forms():
    text = "{api_url: 'http://j', project: P, issue_type: B, SUMMARY, labels: {values: [a]}}"
    old = settings("jira", text.replace("SUMMARY", "summary: words"))
    new = settings("jira", text.replace("SUMMARY", "summary: {template: words}"))
    assert old.summary == new.summary
    assert new.labels.values == ("a",)


@pytest.mark.parametrize("key", sorted(KINDS))
def test_every_kind_has_its_words_and_says_what_it_is(key):
    kind = KINDS[key]
    assert key == f"{kind.name}_configs"
    assert kind.settings.__doc__
