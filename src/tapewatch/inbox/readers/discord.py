"""
Discord: messages of webhooks, new ones and changes, plain or with a file beside them.

Limits after https://discord.com/developers/docs/resources/webhook and .../message#embed-object.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.alerting.channels.limits import utf16_units
from tapewatch.inbox.checks import Faults, list_of, no_address, text_of, too_long, too_many
from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.letter import Letter
from tapewatch.inbox.readers.headline import alerts_of, state_of

CONTENT_MAX: Final = 2_000
EMBEDS_MAX: Final = 10
EMBEDS_TEXT_MAX: Final = 6_000
FIELDS_MAX: Final = 25
USERNAME_MAX: Final = 80
COLOR_MAX: Final = 0xFFFFFF
LIMITS: Final = {"title": 256, "description": 4_096}


def read_discord(told: Mapping[str, Any], files: tuple[str, ...] = (), key: str = "") -> Letter:
    """Read a message; ``files`` are the names of what was uploaded beside it."""
    embeds = list_of(told, "embeds")
    content = text_of(told, "content")
    if not (content or embeds or files):
        raise Unreadable("Discord", "50006: cannot send an empty message")
    first = embeds[0] if embeds else {}
    title = text_of(first, "title") or content
    color = first.get("color")
    return Letter(
        title=title,
        text="\n".join(part for part in (content, *_words(embeds)) if part),
        state=state_of(title),
        color=f"{color:06x}" if isinstance(color, int) and 0 <= color <= COLOR_MAX else "",
        key=key,
        links=(("Open", text_of(first, "url")),) if text_of(first, "url") else (),
        alerts=alerts_of(title),
        faults=tuple(_faults(told, embeds, files)),
    )


def _words(embeds: list[dict[str, Any]]) -> Iterator[str]:
    for embed in embeds:
        yield text_of(embed, "description")
        for field in list_of(embed, "fields"):
            yield f"{text_of(field, 'name')}: {text_of(field, 'value')}"


def _faults(
    told: Mapping[str, Any], embeds: list[dict[str, Any]], files: tuple[str, ...]
) -> Faults:
    yield from too_long("content", text_of(told, "content"), CONTENT_MAX)
    yield from too_many("embeds", embeds, EMBEDS_MAX)
    yield from too_long("username", text_of(told, "username"), USERNAME_MAX)
    for part in ("clyde", "discord"):
        if part in text_of(told, "username").lower():
            yield f"username holds {part!r}, which Discord refuses"
    whole = sum(map(utf16_units, (text for each in embeds for text in _counted(each))))
    if whole > EMBEDS_TEXT_MAX:
        yield f"the embeds have {whole} characters together, above {EMBEDS_TEXT_MAX}"
    for embed in embeds:
        yield from _embed_faults(embed, files)


def _embed_faults(embed: Mapping[str, Any], files: tuple[str, ...]) -> Faults:
    for name, most in LIMITS.items():
        yield from too_long(f"embed.{name}", text_of(embed, name), most)
    fields = list_of(embed, "fields")
    yield from too_many("embed.fields", fields, FIELDS_MAX)
    for field in fields:
        yield from too_long("embed.fields.name", text_of(field, "name"), 256)
        yield from too_long("embed.fields.value", text_of(field, "value"), 1_024)
    color = embed.get("color", 0)
    if not isinstance(color, int) or not 0 <= color <= COLOR_MAX:
        yield f"embed.color is {color!r}, not a number up to {COLOR_MAX}"
    if url := text_of(embed, "url"):
        yield from no_address("embed.url", url)
    image = embed.get("image")
    name = text_of(image, "url").removeprefix("attachment://") if isinstance(image, dict) else ""
    if name and "://" not in name and name not in files:
        yield f"embed.image names the file {name!r}, which was not sent"


def _counted(embed: Mapping[str, Any]) -> Iterator[str]:
    yield text_of(embed, "title")
    yield text_of(embed, "description")
    for field in list_of(embed, "fields"):
        yield text_of(field, "name")
        yield text_of(field, "value")
