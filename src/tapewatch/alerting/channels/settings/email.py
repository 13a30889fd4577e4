"""Settings of ``email_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, exclusive
from tapewatch.alerting.channels.settings.forms import HostPort
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.http.settings import TlsSettings
from tapewatch.metrics.scrape.secrets import InlineSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadingSettings:
    """Which messages a mail program shows as one conversation."""

    enabled: bool = option("Whether to thread.", default=False)
    thread_by_date: str = option(
        "daily begins a new conversation each day, none does not.", default=""
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings(ChannelSettings):
    """One address, or several with commas."""

    SHARED = {
        ("from_",): ("smtp_from",),
        ("hello",): ("smtp_hello",),
        ("smarthost",): ("smtp_smarthost",),
        ("auth_username",): ("smtp_auth_username",),
        ("auth_password", "auth_password_file"): (
            "smtp_auth_password",
            "smtp_auth_password_file",
        ),
        ("auth_secret", "auth_secret_file"): ("smtp_auth_secret", "smtp_auth_secret_file"),
        ("auth_identity",): ("smtp_auth_identity",),
        ("require_tls",): ("smtp_require_tls",),
        ("tls_config",): ("smtp_tls_config",),
        ("force_implicit_tls",): ("smtp_force_implicit_tls",),
    }
    NEEDED = {
        ("smarthost",): "no server: set smarthost, or smtp_smarthost in global",
        ("from_",): "no sender: set from, or smtp_from in global",
    }

    send_resolved: bool = option("Whether the end is told too.", default=False)
    to: str = option("Who gets it.", default="")
    from_: str = option("Who sends it.", default="", key="from")
    hello: str = option("Whom we say to be.", default="")
    smarthost: HostPort = option("The server that takes mail.", default="")
    auth_username: str = option("Our user there.", default="")
    auth_password: InlineSecret | None = option("Our password there.", default=None)
    auth_password_file: FilePath | None = option("File with it.", default=None)
    auth_secret: InlineSecret | None = option("Our secret for CRAM-MD5.", default=None)
    auth_secret_file: FilePath | None = option("File with it.", default=None)
    auth_identity: str = option("On whose behalf, for PLAIN.", default="")
    headers: dict[str, str] = option("Further headers; templates.", default_factory=dict)
    html: str = option("The message.", default='{{ template "email.default.html" . }}')
    text: str = option("The message without markup; unsaid, ours.", default="")
    require_tls: bool | None = option("Whether TLS is needed.", default=None)
    tls_config: TlsSettings | None = option("", default=None)
    force_implicit_tls: bool | None = option(
        "Whether TLS begins at once; unsaid, the port decides (465).", default=None
    )
    threading: ThreadingSettings = option("", default_factory=ThreadingSettings)

    def faults(self) -> Faults:
        """Check the address, and that no header is set twice."""
        if not self.to:
            yield "to", "must not be empty"
        yield from exclusive(
            self, ("auth_password", "auth_password_file"), ("auth_secret", "auth_secret_file")
        )
        names = [name.lower() for name in self.headers]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield "headers", f"the header {name} occurs twice"
        if self.threading.enabled:
            yield from self._threading_faults(names)

    def _threading_faults(self, names: list[str]) -> Faults:
        for name in ("references", "in-reply-to"):
            if name in names:
                yield "headers", f"threading sets the header {name} itself"
        if self.threading.thread_by_date not in ("none", "daily"):
            yield "threading.thread_by_date", "must be none or daily"
