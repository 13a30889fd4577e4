"""Our own channels, redirected to an inbox: what they send is what the services take."""

import pytest
from tests.alerting.saying import PICTURE, alert, context, later, notification, parcel

from tapewatch.alerting.channels.channel import Delivered
from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.configuration import read_alertmanager_text
from tapewatch.alerting.notification import RESOLVED
from tapewatch.alerting.redirect import to_inbox

CONFIG = """
route: {receiver: hft/desk 1}
global: {http_config: {proxy_url: "http://127.0.0.1:1"}, smtp_smarthost: "mail.example:25"}
receivers:
- name: hft/desk 1
  %s: [%s]
"""
KINDS_SPOKEN = {
    "slack_configs": "{app_token: real, channel: '#desk', send_resolved: true}",
    "pagerduty_configs": "{routing_key_file: /nowhere/key}",
    "discord_configs": "{webhook_url: 'https://discord.example/api/webhooks/7/real'}",
    "telegram_configs": "{bot_token: real, chat_id: -100}",
    "email_configs": "{to: desk@example.com, from: t@example.com, send_resolved: true}",
    "webhook_configs": "{url: 'https://desk.example/hook'}",
}
SERVICES = {key: key.removesuffix("_configs") for key in KINDS_SPOKEN}


def channel_of(inbox, key, settings):
    config = to_inbox(read_alertmanager_text(CONFIG % (key, settings)), inbox.url)
    ((integration,),) = config.integrations.values()
    assert not list(integration.settings.lacks())
    return KINDS[integration.key].make(integration.settings, Surroundings(inbox.box._clock))


def hostile():
    words = "<script>alert(1)</script> & *bold* _x_ `code` @everyone " + "y" * 9_000
    return notification(alert(summary=words, description=words * 2, action=words))


@pytest.mark.parametrize("key", KINDS_SPOKEN)
@pytest.mark.parametrize("told", [notification(), hostile()], ids=["plain", "hostile"])
def test_a_page_its_change_and_its_end_are_taken_without_a_fault(key, told, visit):
    async def scenario(inbox, _client):
        channel = channel_of(inbox, key, KINDS_SPOKEN[key])
        first = await channel.send(parcel(told), context(told))
        assert isinstance(first, Delivered), first
        over = later(notification(alert(RESOLVED)))
        second = await channel.send(parcel(over, memory=first.memory), context(over))
        assert isinstance(second, Delivered), second
        channel.close()
        return inbox.box.since()

    messages = visit(scenario)
    assert {each.service for each in messages} == {SERVICES[key]}
    assert {each.receiver for each in messages} == {"hft/desk 1"}
    assert [each.faults for each in messages] == [()] * len(messages)
    assert messages[-1].letter.state == "resolved"
    assert {each.letter.alerts for each in messages} == {("FeedStale",)}
    changed = key in ("slack_configs", "pagerduty_configs", "discord_configs", "telegram_configs")
    assert len(messages) == (1 if changed else 2)


@pytest.mark.parametrize("key", ["slack_configs", "discord_configs", "telegram_configs"])
def test_a_chart_is_taken_too(key, visit):
    async def scenario(inbox, _client):
        channel = channel_of(inbox, key, KINDS_SPOKEN[key])
        outcome = await channel.send(parcel(), context(picture=PICTURE))
        channel.close()
        return outcome, inbox.box.since()

    outcome, messages = visit(scenario)
    assert isinstance(outcome, Delivered)
    assert not [each.faults for each in messages if each.faults]


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("command_configs", "{command: [/bin/false], allowed: [/bin/false]}"),
        ("opsgenie_configs", "{api_key: real}"),
        ("file_configs", "{path: /nowhere/messages}"),
    ],
)
def test_what_the_inbox_does_not_speak_becomes_a_webhook_to_it(key, settings, visit):
    async def scenario(inbox, _client):
        channel = channel_of(inbox, key, settings)
        outcome = await channel.send(parcel(), context())
        channel.close()
        return outcome, inbox.box.since()

    outcome, (message,) = visit(scenario)
    assert isinstance(outcome, Delivered)
    assert (message.service, message.letter.alerts) == ("webhook", ("FeedStale",))


def test_no_secret_of_a_receiver_is_sent(visit):
    async def scenario(inbox, _client):
        for key, settings in KINDS_SPOKEN.items():
            channel = channel_of(inbox, key, settings)
            await channel.send(parcel(), context())
            channel.close()
        return [each.raw for each in inbox.box.since()]

    raws = visit(scenario)
    assert len(raws) == len(KINDS_SPOKEN)
    assert not [raw for raw in raws if "real" in raw]
