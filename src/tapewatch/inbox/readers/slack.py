"""
Slack: the JSON of webhooks and of ``chat.postMessage`` and ``chat.update``.

Limits after https://docs.slack.dev/reference/methods/chat.postMessage and the page on secondary
attachments.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tapewatch.inbox.checks import (
    Faults,
    list_of,
    no_address,
    object_of,
    text_of,
    too_long,
    too_many,
)
from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.letter import Letter
from tapewatch.inbox.readers.headline import alerts_of, state_of

TEXT_MAX: Final = 40_000
ATTACHMENTS_MAX: Final = 100
BUTTONS_MAX: Final = 5
URL_MAX: Final = 3_000
COLORS: Final = {"good": "2eb67d", "warning": "ecb22e", "danger": "d91e2e"}

_COLOR: Final = re.compile(r"#?[0-9a-fA-F]{6}")
_STRAY: Final = re.compile(r"<(?![!@#]|https?://|mailto:)|&(?!amp;|lt;|gt;)")
_LINK: Final = re.compile(r"<([^<>|]+)\|?([^<>]*)>")


def read_slack(body: bytes, key: str = "") -> Letter:
    """Read a message; ``key`` is its ``ts`` where the app can change it later."""
    told = object_of("Slack", body)
    cards = list_of(told, "attachments")
    if not (text_of(told, "text") or cards or told.get("blocks")):
        raise Unreadable("Slack", "no_text: there is neither text nor an attachment")
    first = cards[0] if cards else {}
    title = plain(text_of(first, "title") or text_of(first, "fallback") or text_of(told, "text"))
    return Letter(
        title=title,
        text=plain("\n".join(part for part in _words(told, cards) if part)),
        state=state_of(title),
        color=_color(text_of(first, "color")),
        key=key,
        links=tuple(_links(cards)),
        alerts=alerts_of(title),
        faults=tuple(_faults(told, cards)),
    )


def plain(text: str) -> str:
    """Write Slack's markup as text."""
    text = _LINK.sub(lambda link: link[2] or link[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _words(told: Mapping[str, Any], cards: list[dict[str, Any]]) -> list[str]:
    words = [text_of(told, "text")]
    for card in cards:
        words += [text_of(card, "pretext"), text_of(card, "text")]
        words += [
            f"{text_of(each, 'title')}: {text_of(each, 'value')}"
            for each in list_of(card, "fields")
        ]
        words.append(text_of(card, "footer"))
    return words


def _color(text: str) -> str:
    return COLORS.get(text, text.removeprefix("#") if _COLOR.fullmatch(text) else "")


def _links(cards: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (text_of(each, "text"), text_of(each, "url"))
        for card in cards
        for each in list_of(card, "actions")
        if text_of(each, "url")
    ]


def _faults(told: Mapping[str, Any], cards: list[dict[str, Any]]) -> Faults:
    yield from too_long("text", text_of(told, "text"), TEXT_MAX)
    yield from too_many("attachments", cards, ATTACHMENTS_MAX)
    yield from _unescaped("text", text_of(told, "text"))
    for card in cards:
        yield from _card_faults(card)


def _card_faults(card: Mapping[str, Any]) -> Faults:
    color = text_of(card, "color")
    if color and not _color(color):
        yield f"color {color[:20]!r} is none"
    if not text_of(card, "fallback"):
        yield "fallback is missing: telephones show nothing without it"
    for name in ("text", "pretext"):
        yield from _unescaped(name, text_of(card, name))
    actions = list_of(card, "actions")
    yield from too_many("actions", actions, BUTTONS_MAX)
    for each in actions:
        if not text_of(each, "text") or text_of(each, "type") not in ("button", "select"):
            yield "an action is no button with words"
        if url := text_of(each, "url"):
            yield from no_address("the button's url", url)
            yield from too_long("the button's url", url, URL_MAX)


def _unescaped(name: str, text: str) -> Faults:
    stray = _STRAY.search(text)
    if stray is not None:
        near = text[stray.start() : stray.start() + 20]
        yield f"{name} has {near!r}, which Slack reads as markup: write &lt; or &amp;"
