"""Settings of ``command_configs``, which are ours: a program of the house gets the message."""

from dataclasses import dataclass

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults
from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs, FilePath


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings(ChannelSettings):
    """
    One program, called with the message as JSON on its standard input.

    The message never becomes part of the command line. Only a program whose whole path stands in
    ``allowed`` is started; no shell is in between.
    """

    command: tuple[str, ...] = option("The program's whole path, and its arguments.", default=())
    allowed: tuple[FilePath, ...] = option("The programs that may be started.", default=())
    timeout: DurationMs = option("When it is ended.", default=10_000, low=1)
    environment: dict[str, str] = option("Its environment, beside PATH.", default_factory=dict)

    def faults(self) -> Faults:
        """Check that the program is allowed."""
        if not self.command:
            yield "command", "must not be empty"
        elif self.command[0] not in [str(path) for path in self.allowed]:
            yield "command", f"{self.command[0]} is not listed under allowed"
