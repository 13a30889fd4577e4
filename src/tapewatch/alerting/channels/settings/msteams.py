"""Settings of ``msteams_configs`` (the connectors that end) and ``msteamsv2_configs``."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults, one_of
from tapewatch.alerting.channels.settings.forms import SecretUrl
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsConnectorSettings(ChannelSettings):
    """One connector of a Teams channel, as it was before workflows."""

    webhook_url: SecretUrl | None = option("The connector.", default=None)
    webhook_url_file: FilePath | None = option("File with it.", default=None)
    title: str = option("The title.", default='{{ template "msteams.default.title" . }}')
    summary: str = option("The summary.", default='{{ template "msteams.default.summary" . }}')
    text: str = option("The words.", default='{{ template "msteams.default.text" . }}')

    def faults(self) -> Faults:
        """Check that there is one URL."""
        yield from one_of(self, "webhook_url", "webhook_url_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsSettings(ChannelSettings):
    """One workflow of a Teams channel."""

    webhook_url: SecretUrl | None = option("The workflow.", default=None)
    webhook_url_file: FilePath | None = option("File with it.", default=None)
    title: str = option("The title.", default='{{ template "msteamsv2.default.title" . }}')
    text: str = option("The words.", default='{{ template "msteamsv2.default.text" . }}')

    def faults(self) -> Faults:
        """Check that there is one URL."""
        yield from one_of(self, "webhook_url", "webhook_url_file")
