"""Mail, after RFC 5322 and RFC 2045."""

import email
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Final

from tapewatch.inbox.checks import Faults
from tapewatch.inbox.letter import Letter
from tapewatch.inbox.readers.headline import alerts_of, state_of

LINE_MAX: Final = 998
NEEDED: Final = ("From", "To", "Date", "Message-ID", "Subject")
ACTIVE: Final = frozenset({"script", "iframe", "object", "embed", "form"})


def read_mail(content: bytes, envelope_to: tuple[str, ...] = ()) -> Letter:
    """Read a mail as it went over the wire."""
    mail = email.message_from_bytes(content, policy=policy.default)
    title = str(mail.get("Subject", ""))
    html = _Html()
    html.feed(_body(mail, "html"))
    return Letter(
        title=title,
        text=f"To: {', '.join(envelope_to) or mail.get('To', '')}\n\n{_body(mail, 'plain')}",
        state=state_of(title),
        links=tuple(html.links),
        alerts=alerts_of(title),
        faults=tuple(_faults(content, mail, html)),
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""


class _Html(HTMLParser):
    """Finds what leads out of a mail, and what no mail program would run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.active: list[str] = []
        self._href = ""
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.active.append(tag)
        if tag == "a":
            self._href, self._words = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href:
            self.links.append((" ".join(self._words.split()), self._href))
            self._href = ""

    def handle_data(self, data: str) -> None:
        self._words += data


def _faults(content: bytes, mail: EmailMessage, html: _Html) -> Faults:
    for name in NEEDED:
        count = len(mail.get_all(name, []))
        if count != 1:
            yield f"the header {name} occurs {count} times, not once"
    longest = max(map(len, content.split(b"\r\n")), default=0)
    if longest > LINE_MAX:
        yield f"a line has {longest} bytes, above {LINE_MAX}"
    if b"\n" in content.replace(b"\r\n", b""):
        yield "a line ends without CR LF"
    for part in mail.walk():
        for defect in part.defects:
            yield f"{type(defect).__name__} in a part of type {part.get_content_type()}"
    if mail.get_body(("plain",)) is None:
        yield "there is no text beside the HTML"
    for tag in dict.fromkeys(html.active):
        yield f"the HTML holds <{tag}>, which mail programs do not show"
