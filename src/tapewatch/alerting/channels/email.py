"""
Mail: HTML and text in one message, with the chart inside, threaded by episode.

The first message of an episode has an id that follows from the group; the later ones refer to it,
so a mail program shows them as one conversation. What is sent twice has one id and is shown once.
"""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parseaddr
from functools import cached_property
from hashlib import sha256
from typing import Final

from tapewatch.alerting.channels.base import BaseChannel, Ended, reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.settings.email import EmailSettings
from tapewatch.alerting.outbox import Parcel
from tapewatch.metrics.scrape.http.settings import TlsSettings
from tapewatch.metrics.scrape.http.tls import make_context

SUBJECT: Final = '{{ template "email.default.subject" . }}'
SUBJECT_MAX: Final = 200
BODY_MAX: Final = 90_000
"""Larger mail is cut by readers (at about 100 KB by the largest of them)."""

SMTPS_PORT: Final = 465
GREYLISTED_SECONDS: Final = 60.0
CHART_ID: Final = "chart@tapewatch"


class EmailChannel(BaseChannel[EmailSettings]):
    """One list of addresses."""

    kind = "email"
    pictures = True
    usual_pace = Pace(5.0, 20)

    @cached_property
    def destination(self) -> str:
        """The server and the domains written to."""
        domains = {address.rpartition("@")[2] for _, address in getaddresses([self.settings.to])}
        return f"email {self.settings.smarthost} to {', '.join(sorted(domains))}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Hand the mail to the server."""
        mail = self.mail(parcel, message)
        password = reveal(self.settings.auth_password, self.settings.auth_password_file)
        secret = reveal(self.settings.auth_secret, self.settings.auth_secret_file)
        return await asyncio.to_thread(self._hand_over, mail, password, secret)

    def _hand_over(self, mail: EmailMessage, password: str, secret: str) -> Outcome:
        try:
            with self._connect() as server:
                self._secure(server)
                _authenticate(server, self.settings, password, secret)
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as fault:
            return _judge_all(fault.recipients)
        except smtplib.SMTPResponseException as fault:
            return _judged(fault.smtp_code, _text(fault.smtp_error))
        except smtplib.SMTPException as fault:
            return Retry(None, str(fault))
        if refused:
            return Delivered(detail=f"taken, but not for {len(refused)} of the addresses")
        return Delivered()

    def _connect(self) -> smtplib.SMTP:
        host, _, port = self.settings.smarthost.rpartition(":")
        name = self.settings.hello or "localhost"
        number, seconds = int(port), self.timeout_seconds
        implicit = self.settings.force_implicit_tls
        if implicit or (implicit is None and number == SMTPS_PORT):
            return smtplib.SMTP_SSL(
                host, number, local_hostname=name, timeout=seconds, context=self._context()
            )
        return smtplib.SMTP(host, number, local_hostname=name, timeout=seconds)

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if isinstance(server, smtplib.SMTP_SSL):
            return
        if server.has_extn("starttls"):
            server.starttls(context=self._context())
            server.ehlo()
        elif self.settings.require_tls is not False:
            raise Ended(Refused("the server offers no TLS: set require_tls to false to go without"))

    def _context(self) -> ssl.SSLContext:
        try:
            return make_context(self.settings.tls_config or TlsSettings())
        except (OSError, ValueError) as fault:
            raise Ended(Retry(None, f"tls_config: {fault}")) from None

    def mail(self, parcel: Parcel, message: Context) -> EmailMessage:
        """Write the mail."""
        mail = EmailMessage()
        self._address(mail, message)
        self._thread(mail, parcel)
        mail["Date"] = format_datetime(datetime.fromtimestamp(self.clock.now_ns() / 1e9, UTC))
        mail["X-Tapewatch-Delivery"] = sha256(parcel.idempotency_key.encode()).hexdigest()
        self._write(mail, message)
        return mail

    def _address(self, mail: EmailMessage, message: Context) -> None:
        settings = self.settings
        set_here = {name.lower(): name for name in settings.headers}
        subject = settings.headers[set_here["subject"]] if "subject" in set_here else SUBJECT
        mail["Subject"] = fit(_line(message.text(subject, message.story.title)), SUBJECT_MAX)
        mail["From"] = _addresses(message.text(settings.from_))
        mail["To"] = _addresses(message.text(settings.to))
        for name, value in settings.headers.items():
            if name.lower() not in ("subject", "from", "to", "date", "message-id"):
                mail[name] = _line(message.text(value))

    def _thread(self, mail: EmailMessage, parcel: Parcel) -> None:
        told = parcel.notification
        host = parseaddr(self.settings.from_)[1].rpartition("@")[2] or "tapewatch"
        group = sha256(told.group_key.encode()).hexdigest()[:16]
        root = f"<alert-{group}-{self._episode(parcel)}@{host}>"
        if told.sequence == 1:
            mail["Message-ID"] = root
            return
        mail["Message-ID"] = f"<alert-{group}-{told.episode}-{told.sequence}@{host}>"
        mail["In-Reply-To"] = mail["References"] = root

    def _episode(self, parcel: Parcel) -> str:
        threading = self.settings.threading
        if not threading.enabled:
            return str(parcel.notification.episode)
        if threading.thread_by_date == "daily":
            return datetime.fromtimestamp(parcel.notification.created_ns / 1e9, UTC).strftime("%F")
        return "all"

    def _write(self, mail: EmailMessage, message: Context) -> None:
        settings, story = self.settings, message.story
        plain = f"{story.title}\n\n{story.plain()}\n"
        text = message.text(settings.text, plain) if settings.text else plain
        mail.set_content(fit(text, BODY_MAX))
        markup = message.html(settings.html)
        if not markup or len(markup) > BODY_MAX:
            return
        mail.add_alternative(_with_chart(markup, message), subtype="html")
        if message.picture is not None:
            parts = mail.get_payload()
            assert isinstance(parts, list), "a message with an alternative has parts"
            page = parts[-1]
            assert isinstance(page, EmailMessage)
            page.add_related(
                message.picture.png,
                maintype="image",
                subtype="png",
                cid=f"<{CHART_ID}>",
                filename=message.picture.name,
            )


def _with_chart(markup: str, message: Context) -> str:
    if message.picture is None:
        return markup
    words = message.picture.words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    image = f'<p><img src="cid:{CHART_ID}" alt="{words}" style="max-width:100%"></p>'
    mark = "<!-- chart -->"
    if mark in markup:
        return markup.replace(mark, image, 1)
    return markup.replace("</body>", f"{image}</body>", 1)


def _line(text: str) -> str:
    return " ".join(text.split())


def _addresses(text: str) -> list[Address]:
    found = []
    for name, address in getaddresses([_line(text)]):
        user, _, domain = address.rpartition("@")
        found.append(Address(display_name=name, username=user, domain=domain))
    return found


def _authenticate(
    server: smtplib.SMTP, settings: EmailSettings, password: str, secret: str
) -> None:
    # A relay that asks nobody who they are is told nothing, as in Alertmanager.
    if "auth" not in server.esmtp_features or not (settings.auth_username and (password or secret)):
        return
    offered = server.esmtp_features["auth"].upper().split()
    server.user = settings.auth_username
    server.password = secret if secret and "CRAM-MD5" in offered else password
    if secret and "CRAM-MD5" in offered:
        server.auth("CRAM-MD5", server.auth_cram_md5)
    elif "PLAIN" in offered:
        words = f"{settings.auth_identity}\0{settings.auth_username}\0{password}"
        server.auth("PLAIN", lambda _challenge=None: words)
    elif "LOGIN" in offered:
        server.auth("LOGIN", server.auth_login)
    else:
        raise Ended(Refused("the server offers no way to authenticate that we know"))


def _judge_all(refused: dict[str, tuple[int, bytes]]) -> Outcome:
    # One address that may work later keeps the mail alive for all of them.
    outcomes = [_judged(code, _text(words)) for code, words in refused.values()]
    return next((each for each in outcomes if isinstance(each, Retry)), outcomes[0])


def _judged(code: int, words: str) -> Outcome:
    said = f"{code} {fit(_line(words), 200)}"
    # Greylisting servers want to see that we come back.
    return Retry(GREYLISTED_SECONDS, said) if 400 <= code < 500 else Refused(said)


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
