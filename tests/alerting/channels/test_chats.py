"""The chats that are told a message and change nothing: Mattermost, Rocket.Chat, Webex, WeChat."""

import pytest
from tests.alerting.saying import PICTURE, alert, golden, later, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry

MATTERMOST = "{webhook_url: URL/hooks/x, channel: desk}"
ROCKETCHAT = "{api_url: URL, token: t, token_id: u, channel: '#desk'}"
WEBEX = "{api_url: URL, room_id: r, http_config: {authorization: {credentials: t}}}"
WECHAT = "{api_url: URL/, api_secret: s, corp_id: c, to_user: '@all', agent_id: '7'}"
LARGE = [alert(labels={"symbol": "é" * 900 + str(n)}, summary="é" * 20_000) for n in range(9)]


def wechat(heard):
    if "gettoken" in heard.path:
        return ok({"errcode": 0, "access_token": "T", "expires_in": 7200})
    return ok({"errcode": 0, "errmsg": "ok"})


def test_mattermost_is_given_a_card():
    outcome, heard = sent("mattermost", MATTERMOST)
    assert outcome == Delivered()
    golden("mattermost", heard[0].json)


def test_a_post_of_mattermost_is_cut():
    _, heard = sent("mattermost", MATTERMOST, told=notification(*LARGE))
    assert len(heard[0].body.decode()) < 16_383
    assert "Fail over to feed B" in heard[0].json["attachments"][0]["text"]


def test_rocketchat_is_told_by_its_own_headers():
    taken = ok({"success": True, "message": {"_id": "m", "rid": "r"}})
    outcome, heard = sent("rocketchat", ROCKETCHAT, taken)
    assert outcome == Delivered({"roomId": "r", "msgId": "m"})
    assert (heard[0].headers["X-Auth-Token"], heard[0].headers["X-User-Id"]) == ("t", "u")
    golden("rocketchat", heard[0].json)


def test_rocketchat_changes_its_message_where_that_is_wanted():
    text = ROCKETCHAT.replace("}", ", tapewatch: {update: true}}")
    memory = {"roomId": "r", "msgId": "m"}
    _, heard = sent("rocketchat", text, ok({"success": True}), told=later(), memory=memory)
    assert heard[0].path == "/api/v1/chat.update"
    assert heard[0].json["msgId"] == "m"


@pytest.mark.parametrize(
    ("error", "kind"), [("error-invalid-channel", Refused), ("error-too-many-requests", Retry)]
)
def test_rocketchat_hides_refusals_in_200(error, kind):
    answer = ok({"success": False, "error": error})
    assert isinstance(sent("rocketchat", ROCKETCHAT, answer)[0], kind)


def test_webex_is_given_markdown():
    outcome, heard = sent("webex", WEBEX, ok({"id": "w"}))
    assert outcome == Delivered({"id": "w"})
    assert heard[0].headers["Authorization"] == "Bearer t"
    assert heard[0].json["markdown"].startswith("**[P0] FeedStale · X**\n")


def test_webex_takes_a_picture_and_no_long_words():
    _, heard = sent("webex", WEBEX, ok({"id": "w"}), told=notification(*LARGE), picture=PICTURE)
    assert PICTURE.png in heard[0].body
    _, heard = sent("webex", WEBEX, ok({"id": "w"}), told=notification(*LARGE))
    assert len(heard[0].json["markdown"].encode()) <= 7_439


def test_wechat_fetches_a_token_first():
    outcome, heard = sent("wechat", WECHAT, wechat)
    assert outcome == Delivered()
    assert [each.path for each in heard] == [
        "/gettoken?corpsecret=s&corpid=c",
        "/message/send?access_token=T",
    ]
    assert heard[1].json["touser"] == "@all"


def test_wechat_takes_no_long_words():
    _, heard = sent("wechat", WECHAT, wechat, told=notification(*LARGE))
    assert len(heard[1].json["text"]["content"].encode()) <= 2_048


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (42001, Retry(0.0, "42001: no")),
        (45009, Retry(None, "45009: no")),
        (40003, Refused("40003: no")),
    ],
)
def test_wechat_says_by_a_code_what_is_wrong(code, outcome):
    def reply(heard):
        return wechat(heard) if "gettoken" in heard.path else ok({"errcode": code, "errmsg": "no"})

    assert sent("wechat", WECHAT, reply)[0] == outcome
