import asyncio
import email
import socket
import ssl
import subprocess
from contextlib import contextmanager
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.alerting.saying import PICTURE, alert, channel, context, later, notification, parcel

from tapewatch.alerting.channels.channel import Delivered, Refused, Retry


class Hearing:
    """An SMTP server's handler that keeps mail, or says what it is told to."""

    def __init__(self, recipient="250 OK", data="250 OK"):
        self.mail = []
        self.recipient = recipient
        self.data = data

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # the library calls it so
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the library calls it so
        self.mail.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return self.data


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = f"-keyout {folder}/key.pem -out {folder}/cert.pem -subj /CN=localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {made}"
    more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(hearing, certificate=None, **more):
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        more["tls_context"] = tls
    controller = Controller(hearing, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def settings(port, more="require_tls: false"):
    who = "to: 'Desk <desk@example.org>', from: 'Tapewatch <tw@example.org>'"
    return f"{{smarthost: '127.0.0.1:{port}', {who}, {more}}}"


def send(made, told=None, picture=None):
    given = parcel(told)
    message = context(given.notification, picture=picture)
    return asyncio.run(made.send(given, message))


def test_mail_has_text_and_html():
    hearing = Hearing()
    with served(hearing) as port:
        assert send(channel("email", settings(port))) == Delivered()
    mail = hearing.mail[0]
    assert mail["Subject"] == "[P0] FeedStale · X"
    assert mail["To"] == "Desk <desk@example.org>"
    assert mail.get_content_type() == "multipart/alternative"
    assert "Do: Fail over to feed B" in mail.get_body(("plain",)).get_content()
    assert "<li>Look at the feed</li>" in mail.get_body(("html",)).get_content()


def test_words_from_outside_are_no_markup():
    hearing = Hearing()
    with served(hearing) as port:
        evil = alert(summary="<script>alert(1)</script>")
        send(channel("email", settings(port)), notification(evil))
    assert "&lt;script&gt;" in hearing.mail[0].get_body(("html",)).get_content()


def test_a_picture_stands_inside_of_the_mail():
    hearing = Hearing()
    with served(hearing) as port:
        send(channel("email", settings(port)), picture=PICTURE)
    mail = hearing.mail[0]
    images = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert images[0].get_content() == PICTURE.png
    assert images[0]["Content-ID"] == "<chart@tapewatch>"
    assert "cid:chart@tapewatch" in mail.get_body(("related", "html")).as_string()


def test_an_episode_is_one_conversation():
    hearing = Hearing()
    with served(hearing) as port:
        made = channel("email", settings(port))
        send(made)
        send(made, later())
        send(made, later())
    first, second, again = hearing.mail
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]
    assert second["Message-ID"] == again["Message-ID"] != first["Message-ID"]


def test_headers_may_be_set_and_cannot_be_broken_out_of():
    hearing = Hearing()
    more = "require_tls: false, headers: {Subject: \"one\\nBcc: x@y\", X-Desk: '{{ .Receiver }}'}"
    with served(hearing) as port:
        send(channel("email", settings(port, more)))
    mail = hearing.mail[0]
    assert (mail["Subject"], mail["X-Desk"], mail["Bcc"]) == ("one Bcc: x@y", "desk", None)


def test_tls_is_begun_and_the_server_is_checked(certificate):
    hearing = Hearing()
    trust = f"tls_config: {{ca_file: {certificate}/cert.pem, server_name: localhost}}"
    with served(hearing, certificate, require_starttls=True) as port:
        text = settings(port, trust).replace("127.0.0.1", "localhost")
        assert send(channel("email", text)) == Delivered()
        outcome = send(channel("email", settings(port, "hello: me")))
    assert isinstance(outcome, Retry)
    assert "certificate verify failed" in outcome.detail
    assert len(hearing.mail) == 1


def test_a_server_without_tls_is_refused_where_tls_is_needed():
    with served(Hearing()) as port:
        outcome = send(channel("email", settings(port, "hello: me")))
    assert isinstance(outcome, Refused)
    assert "offers no TLS" in outcome.detail


def test_a_relay_that_asks_nobody_who_they_are_is_told_nothing():
    hearing = Hearing()
    with served(hearing) as port:
        more = "require_tls: false, auth_username: me, auth_password: pw"
        assert send(channel("email", settings(port, more))) == Delivered()
    assert len(hearing.mail) == 1


@pytest.mark.parametrize(
    ("more", "mechanism"),
    [("auth_password: pw", "PLAIN"), ("auth_password: pw, auth_identity: boss", "PLAIN")],
)
def test_we_say_who_we_are(more, mechanism):
    known = []

    def check(server, session, envelope, name, data):
        known.append((name, data.login, data.password))
        return AuthResult(success=True)

    hearing = Hearing()
    with served(hearing, authenticator=check, auth_require_tls=False) as port:
        text = settings(port, f"require_tls: false, auth_username: me, {more}")
        assert send(channel("email", text)) == Delivered()
    assert known == [(mechanism, b"me", b"pw")]


def test_a_wrong_password_is_refused():
    def check(*_):
        return AuthResult(success=False, handled=False)

    with served(Hearing(), authenticator=check, auth_require_tls=False) as port:
        text = settings(port, "require_tls: false, auth_username: me, auth_password: pw")
        outcome = send(channel("email", text))
    assert isinstance(outcome, Refused)
    assert outcome.detail.startswith("535")


@pytest.mark.parametrize(
    ("hearing", "outcome"),
    [
        (Hearing(recipient="451 greylisted"), Retry(60.0, "451 greylisted")),
        (Hearing(recipient="550 nobody"), Refused("550 nobody")),
        (Hearing(data="452 full"), Retry(60.0, "452 full")),
        (Hearing(data="554 spam"), Refused("554 spam")),
    ],
)
def test_a_code_says_whether_to_come_again(hearing, outcome):
    with served(hearing) as port:
        assert send(channel("email", settings(port))) == outcome


def test_nobody_listening_is_worth_another_attempt():
    assert isinstance(send(channel("email", settings(1))), Retry)


def test_long_mail_is_cut():
    many = [alert(labels={"symbol": f"{n}" * 500}, summary="s" * 90_000) for n in range(9)]
    hearing = Hearing()
    with served(hearing) as port:
        assert send(channel("email", settings(port)), notification(*many)) == Delivered()
    assert len(hearing.mail[0].as_bytes()) < 200_000
