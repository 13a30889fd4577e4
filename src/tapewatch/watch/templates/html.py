"""
Output that is HTML: a value is escaped by where it stands.

The place is followed while writing (text, tag, attribute, URL), so it is right in every branch. Of
scripts and style sheets only this is known: a value from outside has no business there, and is
refused.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import quote

from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.builtins import escape_html
from tapewatch.watch.templates.values import Html, Url

HARMLESS: Final = "#ZgotmplZ"
"""Stands in the place of a value that would have been dangerous; the word is Go's."""

_URL_ATTRIBUTES: Final = frozenset(
    (
        "action",
        "background",
        "cite",
        "data",
        "formaction",
        "href",
        "longdesc",
        "manifest",
        "poster",
        "profile",
        "src",
        "srcset",
        "usemap",
        "xlink:href",
    )
)
_FORBIDDEN_TAGS: Final = frozenset({"script", "style"})
_RAW_TAGS: Final = frozenset({"script", "style", "title", "textarea"})
_SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([^/?#:]*):")
_CSS_SAFE = re.compile(r"[\w .,%#+-]*")
_NAME_SAFE = re.compile(r"[A-Za-z0-9-]+")
_URL_KEPT: Final = "!#$&*+,/:;=?@[]%-._~"


class Place(Enum):
    """Where in HTML the output stands."""

    TEXT = auto()
    COMMENT = auto()
    TAG_NAME = auto()
    TAG = auto()
    NAME = auto()
    BEFORE_VALUE = auto()
    VALUE = auto()


class HtmlOutput:
    """HTML, with the place where it stands."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[str] = []
        self._place = Place.TEXT
        self._tag = ""
        self._inside = ""
        self._name = ""
        self._quote = ""
        self._value = ""
        self._steps: Final[dict[Place, Callable[[str, int], int]]] = {
            Place.TEXT: self._in_text,
            Place.COMMENT: self._in_comment,
            Place.TAG_NAME: self._in_tag_name,
            Place.TAG: self._in_tag,
            Place.NAME: self._in_name,
            Place.BEFORE_VALUE: self._before_value,
            Place.VALUE: self._in_value,
        }

    def result(self) -> str:
        return "".join(self._parts)

    def text(self, text: str) -> None:
        self._put(text)
        at = 0
        while at < len(text):
            at = self._steps[self._place](text, at)

    def value(self, value: Any, shown: str) -> None:
        self._put(self._escaped(value, shown))

    def _put(self, text: str) -> None:
        self.size += len(text)
        self._parts.append(text)

    # Values.

    def _escaped(self, value: Any, shown: str) -> str:
        if self._inside in _FORBIDDEN_TAGS:
            raise TemplateMisuse(f"a value cannot stand inside of <{self._inside}>")
        if self._place is Place.TEXT:
            return shown if isinstance(value, Html) and not self._inside else escape_html(shown)
        if self._place is Place.COMMENT:
            return ""
        if self._place in (Place.BEFORE_VALUE, Place.VALUE):
            return self._escaped_attribute(value, shown)
        return self._escaped_name(shown)

    def _escaped_name(self, shown: str) -> str:
        lower = shown.lower()
        safe = _NAME_SAFE.fullmatch(shown) and not lower.startswith("on")
        if not safe or lower in _URL_ATTRIBUTES or lower in ("style", *_FORBIDDEN_TAGS):
            return HARMLESS.removeprefix("#")
        return shown

    def _escaped_attribute(self, value: Any, shown: str) -> str:
        self._place = Place.VALUE
        if self._name.startswith("on"):
            raise TemplateMisuse(f"a value cannot stand inside of {self._name}=")
        if self._name in _URL_ATTRIBUTES:
            shown = self._escaped_url(value, shown)
        elif self._name == "style" and not _CSS_SAFE.fullmatch(shown):
            shown = HARMLESS.removeprefix("#")
        self._value += shown
        escaped = escape_html(shown)
        return escaped if self._quote else re.sub(r"[\s`=]", _entity, escaped)

    def _escaped_url(self, value: Any, shown: str) -> str:
        if "?" in self._value or "#" in self._value:
            return quote(shown, safe="")
        scheme = _SCHEME.match(shown)
        starts = not self._value.strip()
        risky = scheme is not None and scheme[1].strip().lower() not in _SAFE_SCHEMES
        if starts and risky and not isinstance(value, Url):
            return HARMLESS
        return quote(shown, safe=_URL_KEPT)

    # Text of the author's: each step reads on from ``at`` and says where it stopped.

    def _in_text(self, text: str, at: int) -> int:
        opening = text.find(f"</{self._inside}" if self._inside else "<", at)
        if opening < 0:
            return len(text)
        if text.startswith("<!--", opening):
            self._place = Place.COMMENT
            return opening + 4
        self._tag, self._inside = "", ""
        self._place = Place.TAG_NAME
        return opening + 1

    def _in_comment(self, text: str, at: int) -> int:
        closing = text.find("-->", at)
        if closing < 0:
            return len(text)
        self._place = Place.TEXT
        return closing + 3

    def _in_tag_name(self, text: str, at: int) -> int:
        letter = text[at]
        if letter.isalnum() or letter in "/-:!":
            self._tag += letter.lower()
            return at + 1
        if not self._tag:
            self._place = Place.TEXT
            return at
        self._place = Place.TAG
        return at

    def _in_tag(self, text: str, at: int) -> int:
        letter = text[at]
        if letter == ">":
            self._leave_tag()
        elif not letter.isspace() and letter != "/":
            self._name = letter.lower()
            self._place = Place.NAME
        return at + 1

    def _leave_tag(self) -> None:
        self._place = Place.TEXT
        self._inside = self._tag if self._tag in _RAW_TAGS else ""

    def _in_name(self, text: str, at: int) -> int:
        letter = text[at]
        if letter == "=":
            self._place, self._quote, self._value = Place.BEFORE_VALUE, "", ""
            return at + 1
        if letter.isspace() or letter in "/>":
            self._place = Place.TAG
            # A name may be followed by blanks and its sign of equality.
            rest = text[at:].lstrip()
            if rest.startswith("="):
                self._place = Place.NAME
                return len(text) - len(rest)
            return at
        self._name += letter.lower()
        return at + 1

    def _before_value(self, text: str, at: int) -> int:
        letter = text[at]
        if letter.isspace():
            return at + 1
        if letter == ">":
            self._place = Place.TAG
            return at
        self._place = Place.VALUE
        self._quote = letter if letter in "\"'" else ""
        return at + 1 if self._quote else at

    def _in_value(self, text: str, at: int) -> int:
        closing = self._value_end(text, at)
        self._value += text[at:closing]
        if closing < len(text):
            self._place = Place.TAG
            return closing + (1 if self._quote else 0)
        return closing

    def _value_end(self, text: str, at: int) -> int:
        if self._quote:
            closing = text.find(self._quote, at)
            return len(text) if closing < 0 else closing
        found = _UNQUOTED_END.search(text, at)
        return found.start() if found else len(text)


_UNQUOTED_END = re.compile(r"[\s>]")


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
