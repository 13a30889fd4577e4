"""Who is on call and what can be set off, as they follow from packs."""

import json

import pytest

from tapewatch.alerting.actions.settings import ActionsSettings
from tapewatch.alerting.matchers import Reading
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.catalog.derive.crew import actions, on_call
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.document.reading import read_text

FIVE = ("crypto_desk", "equities", "forex", "hft", "low_latency")

TEXT = """\
platform:
  name: desk
  group_by: [alertname]
  severities: {P0: {word: critical, channels: [pager]}}
channels:
  pager: {kind: pagerduty, secret: pd}
  ann: {kind: telegram, to: "1", secret: ann}
owners: {trading: {schedule: rota}, data: {}}
actions:
  halt: {kind: kill_switch, to: desk, service: maker, confirm: true, help: Halts.}
  call: {kind: webhook, to: "http://127.0.0.1:1/halt", secret: token, help: Halts.}
schedules:
  rota:
    people: [ann, ben]
    time_zone: Europe/Zurich
    cover: [{person: cem, from: "2026-03-02T09:00:00Z", to: "2026-03-03T09:00:00Z"}]
    escalation:
      - {after: 5m, schedule: rota}
      - {after: 10m, channels: [pager], schedule: rota}
"""


def read(plain, shape):
    return read_text(json.dumps(plain), shape)


@pytest.fixture
def catalog(pack):
    return pack(TEXT)


def test_a_person_is_reached_by_the_channel_of_the_same_name(catalog):
    told = read(on_call([catalog]), OnCallSettings)
    reached = {name: person.receiver for name, person in told.people.items()}
    assert reached == {"ann": "ann", "ben": "", "cem": ""}


def test_the_alerts_of_a_schedules_owners_climb_its_steps(catalog):
    (escalation,) = read(on_call([catalog]), OnCallSettings).escalations
    assert escalation.name == "rota"
    matchers = [str(each) for each in escalation.matchers.parse(Reading.FALLBACK)]
    assert matchers == ['owner=~"trading"', 'priority=~"P0|P1"']
    # The first step would reach nobody while ben is on call, and is left out.
    assert [(step.after, step.receivers, step.schedule) for step in escalation.steps] == [
        (600_000, ("pager",), "rota")
    ]


def test_an_action_arms_nothing(catalog):
    known = actions([catalog], secrets="/secrets")
    settings = read({"known": known}, ActionsSettings)
    assert settings.known["halt"].service == "maker"
    assert settings.known["halt"].confirm
    assert str(settings.known["call"].token_file) == "/secrets/token"
    assert not any(settings.is_armed(name) for name in settings.known)


def test_two_packs_keep_their_own_people_schedules_and_actions(catalog):
    other = load_catalog(find_pack("hft"))
    told = read(on_call([catalog, other]), OnCallSettings)
    assert {"desk/rota", "hft/follow-the-sun"} == told.schedules.keys()
    assert told.schedules["desk/rota"].people == ("desk/ann", "desk/ben")
    assert told.people["desk/ann"].receiver == "desk/ann"
    assert "desk/halt" in actions([catalog, other], secrets="/s")


@pytest.mark.parametrize("name", FIVE)
def test_every_platform_says_who_is_told_when_nobody_answers(name):
    told = read(on_call([load_catalog(find_pack(name))]), OnCallSettings)
    assert told.schedules
    assert told.escalations
    assert not list(told.faults())
