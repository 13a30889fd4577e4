"""
Telegram: ``sendMessage``, ``editMessageText`` and ``sendPhoto`` of its API for bots.

Limits and tags after https://core.telegram.org/bots/api.
"""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

from tapewatch.inbox.checks import Faults, text_of, too_long
from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.letter import Letter
from tapewatch.inbox.readers.headline import alerts_of, state_of

TEXT_MAX: Final = 4_096
CAPTION_MAX: Final = 1_024
TAGS: Final = frozenset(
    {
        *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span"),
        *("a", "code", "pre", "blockquote", "tg-spoiler", "tg-emoji"),
    }
)
MODES: Final = ("HTML", "Markdown", "MarkdownV2", "")


def read_telegram(told: Mapping[str, Any], key: str = "") -> Letter:
    """Read the words of a message, or of a picture."""
    caption = text_of(told, "caption")
    text = text_of(told, "text") or caption
    if not text:
        raise Unreadable("Telegram", "message text is empty")
    if not told.get("chat_id"):
        raise Unreadable("Telegram", "chat not found")
    mode = text_of(told, "parse_mode")
    markup = _Markup()
    if mode == "HTML":
        markup.feed(text)
        markup.close()
    words = markup.words if mode == "HTML" else text
    title, _, rest = words.partition("\n")
    return Letter(
        title=title,
        text=rest,
        state=state_of(title),
        key=key,
        links=tuple(markup.links),
        alerts=alerts_of(title),
        faults=tuple(_faults(mode, words, markup, CAPTION_MAX if caption else TEXT_MAX)),
    )


class _Markup(HTMLParser):
    """Reads the few tags that Telegram knows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.links: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self._open: list[tuple[str, str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"can't parse entities: the tag <{tag}> is not known")
        self._open.append((tag, dict(attrs).get("href") or "", len(self.words)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"can't parse entities: </{tag}> ends nothing")
            return
        _, href, since = self._open.pop()
        if href:
            self.links.append((self.words[since:], href))

    def handle_data(self, data: str) -> None:
        self.words += data

    def close(self) -> None:
        super().close()
        self.faults += [f"can't parse entities: <{tag}> does not end" for tag, *_ in self._open]


def _faults(mode: str, words: str, markup: _Markup, most: int) -> Faults:
    if mode not in MODES:
        yield f"parse_mode {mode!r} is none of {', '.join(MODES)}"
    yield from too_long("text", words, most)
    yield from markup.faults
