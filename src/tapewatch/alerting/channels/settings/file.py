"""Settings of ``file_configs``, which are ours: a line of JSON for each notification."""

from dataclasses import dataclass
from pathlib import Path

from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.document.fields import option
from tapewatch.document.types import FilePath, SizeBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings(ChannelSettings):
    """One file; the file before it is kept beside it."""

    path: FilePath = option("The file.", default=Path("notifications.jsonl"))
    size_max: SizeBytes = option("When another file is begun.", default=64 * 1024 * 1024, low=1)
