"""How bold words, links and lists are written where a message goes."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Markup:
    """One way to mark up text; every function takes text that is not escaped yet."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    bullet: str = "• "
    line_end: str = "\n"


def _same(text: str) -> str:
    return text


_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]~|<>])")
_MARKDOWN_V2_SPECIAL = re.compile(r"([_*\[\]()~`>#+\-=|{}.!\\])")


def _slack_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown_escape(text: str) -> str:
    return _MARKDOWN_SPECIAL.sub(r"\\\1", text)


def _markdown_v2_escape(text: str) -> str:
    return _MARKDOWN_V2_SPECIAL.sub(r"\\\1", text)


def _address(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")


def _html_escape(text: str) -> str:
    return html.escape(text, quote=True)


PLAIN: Final = Markup(_same, _same, lambda text, url: f"{text}: {url}")
SLACK: Final = Markup(
    _slack_escape,
    lambda text: f"*{_slack_escape(text)}*",
    lambda text, url: f"<{_slack_escape(url)}|{_slack_escape(text)}>",
)
MARKDOWN: Final = Markup(
    _markdown_escape,
    lambda text: f"**{_markdown_escape(text)}**",
    lambda text, url: f"[{_markdown_escape(text)}]({_address(url)})",
    bullet="- ",
)
TEAMS: Final = Markup(
    _markdown_escape,
    lambda text: f"**{_markdown_escape(text)}**",
    lambda text, url: f"[{_markdown_escape(text)}]({_address(url)})",
    bullet="- ",
    line_end="\n\n",
)
HTML: Final = Markup(
    _html_escape,
    lambda text: f"<b>{_html_escape(text)}</b>",
    lambda text, url: f'<a href="{_html_escape(url)}">{_html_escape(text)}</a>',
)
TELEGRAM_V2: Final = Markup(
    _markdown_v2_escape,
    lambda text: f"*{_markdown_v2_escape(text)}*",
    lambda text, url: f"[{_markdown_v2_escape(text)}]({_address(url)})",
)
