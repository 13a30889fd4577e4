from tests.alerting.saying import PICTURE, alert, golden, later, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry

TEXT = "{api_url: URL, bot_token: '1:t', chat_id: -100}"
SENT = ok({"ok": True, "result": {"message_id": 5}})
THERE = {"message_id": "5"}


def refused(words, status="400 Bad Request", **parameters):
    return ok({"ok": False, "description": words, "parameters": parameters}, status=status)


def test_a_message_is_sent_and_remembered():
    outcome, heard = sent("telegram", TEXT, SENT)
    assert outcome == Delivered(THERE)
    assert heard[0].path == "/bot1:t/sendMessage"
    golden("telegram", heard[0].json)


def test_a_message_is_changed():
    outcome, heard = sent("telegram", TEXT, SENT, told=later(), memory=THERE)
    assert heard[0].path == "/bot1:t/editMessageText"
    assert heard[0].json["message_id"] == 5
    assert outcome == Delivered(THERE, "changed")


def test_a_change_that_changes_nothing_is_done():
    same = refused("Bad Request: message is not modified")
    outcome, _ = sent("telegram", TEXT, same, told=later(), memory=THERE)
    assert outcome == Delivered(THERE, "was the same already")


def test_a_message_that_is_gone_is_sent_again():
    gone = refused("Bad Request: message to edit not found")
    outcome, heard = sent("telegram", TEXT, gone, SENT, told=later(), memory=THERE)
    assert [each.path.rpartition("/")[2] for each in heard] == ["editMessageText", "sendMessage"]
    assert outcome == Delivered(THERE)


def test_markup_that_telegram_cannot_read_is_left_out():
    unread = refused("Bad Request: can't parse entities: Unclosed start tag")
    text = TEXT.replace("}", ", message: '<b>one &amp; two'}")
    outcome, heard = sent("telegram", text, unread, SENT)
    assert "parse_mode" not in heard[1].json
    assert heard[1].json["text"] == "one & two"
    assert outcome == Delivered(THERE)


def test_the_wait_is_read_from_the_body():
    slow = refused("Too Many Requests: retry after 7", "429 Too Many Requests", retry_after=7)
    assert sent("telegram", TEXT, slow)[0] == Retry(7.0, "Too Many Requests: retry after 7")


def test_a_bot_that_was_put_out_is_refused():
    words = "Forbidden: bot was kicked from the group chat"
    assert sent("telegram", TEXT, refused(words, "403 Forbidden"))[0] == Refused(words)


def test_our_own_words_fit_into_one_message():
    many = [alert(labels={"symbol": "s" * 900 + str(n)}, summary="🔴" * 3000) for n in range(10)]
    _, heard = sent("telegram", TEXT, SENT, told=notification(*many))
    assert len(heard) == 1
    assert len(heard[0].json["text"].encode("utf-16-le")) // 2 <= 4096
    assert heard[0].json["parse_mode"] == "HTML"


def test_long_words_of_a_user_are_split_and_not_replaced():
    text = TEXT.replace(
        "}", ", message: '{{ range .Alerts }}<b>{{ .Annotations.summary }}</b>{{ end }}'}"
    )
    many = [alert(labels={"symbol": str(n)}, summary=f"{n} " + "word " * 500) for n in range(4)]
    _, heard = sent("telegram", text, SENT, told=notification(*many))
    texts = [each.json["text"] for each in heard]
    assert len(texts) == 3
    assert all(len(each) <= 4096 and "<b>" not in each for each in texts)
    assert "3 word" in "".join(texts)


def test_a_picture_answers_the_message():
    _, heard = sent("telegram", TEXT, SENT, picture=PICTURE)
    assert heard[1].path == "/bot1:t/sendPhoto"
    assert PICTURE.png in heard[1].body


def test_a_file_may_hold_the_chat(tmp_path):
    (tmp_path / "chat").write_text("-42\n")
    text = f"{{api_url: URL, bot_token: '1:t', chat_id_file: {tmp_path}/chat}}"
    _, heard = sent("telegram", text, SENT)
    assert heard[0].json["chat_id"] == -42
