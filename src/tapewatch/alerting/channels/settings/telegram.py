"""Settings of ``telegram_configs``."""

from dataclasses import dataclass
from typing import Literal

from tapewatch.alerting.channels.settings.common import (
    ChannelSettings,
    Faults,
    exclusive,
    one_of,
)
from tapewatch.alerting.channels.settings.forms import GoDurationMs, Url
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings(ChannelSettings):
    """One chat that our bot may write in."""

    SHARED = {
        ("api_url",): ("telegram_api_url",),
        ("bot_token", "bot_token_file"): ("telegram_bot_token", "telegram_bot_token_file"),
    }
    NEEDED = {
        ("bot_token", "bot_token_file"): (
            "no token: set bot_token, or telegram_bot_token in global"
        ),
    }

    api_url: Url = option("Telegram's API.", default="")
    bot_token: InlineSecret | None = option("Our bot's token.", default=None)
    bot_token_file: FilePath | None = option("File with it.", default=None)
    chat_id: int = option("The chat.", default=0)
    chat_id_file: FilePath | None = option("File with it.", default=None)
    message_thread_id: int = option("The topic of a forum.", default=0)
    message: str = option("The words.", default='{{ template "telegram.default.message" . }}')
    disable_notifications: bool = option("Whether telephones stay silent.", default=False)
    parse_mode: Literal["HTML", "Markdown", "MarkdownV2", ""] = option(
        "How the words are marked up.", default="HTML"
    )
    timeout: GoDurationMs = option("How long one attempt may take.", default=0, low=0)

    def faults(self) -> Faults:
        """Check that there is one chat, and at most one token."""
        yield from one_of(self, "chat_id", "chat_id_file")
        yield from exclusive(self, ("bot_token", "bot_token_file"))
