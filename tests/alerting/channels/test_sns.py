from urllib.parse import parse_qs

import pytest
from tests.alerting.saying import alert, notification, ok, sent

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry
from tapewatch.alerting.channels.settings.sns import AwsSignature
from tapewatch.alerting.channels.sigv4 import AwsKey, find_key, sign
from tapewatch.metrics.scrape.secrets import InlineSecret

KEYS = "sigv4: {region: eu-west-1, access_key: AK, secret_key: SK}"
TOPIC = f"{{api_url: URL, topic_arn: 'arn:aws:sns:eu-west-1:1:desk', {KEYS}, attributes: {{a: b}}}}"
TAKEN = ok()


def form(heard):
    return {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}


def test_a_topic_is_published_to():
    outcome, heard = sent("sns", TOPIC, TAKEN)
    assert outcome == Delivered()
    told = form(heard[0])
    assert told["Action"] == "Publish"
    assert told["TopicArn"].endswith(":desk")
    assert told["MessageAttributes.entry.1.Value.StringValue"] == "b"
    assert "Credential=AK/" in heard[0].headers["Authorization"]


def test_a_subject_is_one_line_of_ascii():
    _, heard = sent(
        "sns",
        TOPIC,
        TAKEN,
        told=notification(group_labels=alert(labels={"symbol": "é" * 300}).labels),
    )
    subject = form(heard[0])["Subject"]
    assert subject.isascii()
    assert len(subject) <= 100


def test_a_telephone_is_sent_few_words_and_not_shown():
    text = f"{{api_url: URL, phone_number: '+4912345678', {KEYS}}}"
    many = [alert(labels={"symbol": str(n)}, summary="x" * 3000) for n in range(9)]
    _, heard = sent("sns", text, TAKEN, told=notification(*many))
    assert len(form(heard[0])["Message"]) <= 1_600


def test_a_fifo_topic_is_told_the_group_and_the_delivery():
    _, heard = sent("sns", TOPIC.replace(":desk", ":desk.fifo"), TAKEN)
    assert len(form(heard[0])["MessageGroupId"]) == 64
    assert len(form(heard[0])["MessageDeduplicationId"]) <= 128


def test_a_throttled_request_is_made_again():
    busy = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(busy) + busy
    assert isinstance(sent("sns", TOPIC, answer)[0], Retry)


@pytest.mark.parametrize(
    ("content_type", "signature"),
    [
        (
            "application/x-www-form-urlencoded",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "application/x-www-form-urlencoded; charset=utf8",
            "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        ),
    ],
)
def test_a_signature_is_the_one_of_amazon_s_test_suite(content_type, signature):
    headers = sign(
        "https://example.amazonaws.com/",
        b"Param1=value1",
        key=AwsKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        service="service",
        now_ns=1_440_938_160_000_000_000,
        content_type=content_type,
    )
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    )


def test_a_key_is_found_where_amazon_s_tools_find_it(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id=A\naws_secret_access_key=B\n"
        "[desk]\naws_access_key_id=C\naws_secret_access_key=D\n"
    )
    inside = AwsSignature(access_key="X", secret_key=InlineSecret("Y"))
    environment = {"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "F"}
    assert find_key(inside, environment, tmp_path) == AwsKey("X", "Y")
    assert find_key(AwsSignature(), environment, tmp_path) == AwsKey("E", "F")
    assert find_key(AwsSignature(), {}, tmp_path) == AwsKey("A", "B")
    assert find_key(AwsSignature(profile="desk"), environment, tmp_path) == AwsKey("C", "D")
    assert find_key(AwsSignature(profile="none"), {}, tmp_path) is None


def test_no_key_is_a_refusal_that_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    text = "{api_url: URL, topic_arn: 'arn:x', sigv4: {region: eu-west-1}}"
    words = "no key: set sigv4.access_key, or AWS_ACCESS_KEY_ID"
    assert sent("sns", text)[0] == Refused(words)
