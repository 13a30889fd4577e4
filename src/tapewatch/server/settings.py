"""
The settings of one server, read from ``tapewatch.yaml``, the environment and the command line.

The later of the three wins. ``tapewatch config show`` prints what came out of them.
"""

import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tapewatch.alerting.settings import AlertingSettings
from tapewatch.catalog.settings import CatalogSettings
from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.overlay import from_environment, lay_over, unknown_variables
from tapewatch.document.reading import read_node
from tapewatch.document.types import DurationMs, FilePath, Secret, SizeBytes
from tapewatch.metrics.settings import MetricsSettings
from tapewatch.model.errors import TapewatchError
from tapewatch.model.regex import regex
from tapewatch.watch.settings import WatchSettings

DEFAULT_FILE: Final = Path("tapewatch.yaml")
OTHER_VARIABLES: Final = frozenset(
    {
        "TAPEWATCH_BUILD_JOBS",
        "TAPEWATCH_COMPLETE",
        "TAPEWATCH_CONFIG",
        "TAPEWATCH_INSTANCE",
        "TAPEWATCH_PURE",
        "TAPEWATCH_REDACTION_KEY",
        "TAPEWATCH_REGION",
        "TAPEWATCH_REGION_FOLDER",
        "TAPEWATCH_REGION_ON_DISK",
        "TAPEWATCH_REGION_SEALED",
        "TAPEWATCH_SERVICE",
        "TAPEWATCH_TOKEN",
        "TAPEWATCH_URL",
    }
)
"""Variables with our prefix that are not settings."""

MiB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the server listens, and what one request may cost."""

    listen: str = option("Address and port that everything is served on.", default="127.0.0.1:7600")
    otlp_grpc_listen: str = option(
        "Address for OTLP over gRPC, as in 127.0.0.1:4317; empty is none.", default=""
    )
    external_url: str = option("How people reach the server, for links in messages.", default="")
    auth_token: Secret | None = option(
        "Token that every request must carry (Bearer, or the password of Basic).", default=None
    )
    request_head_max: SizeBytes = option(
        "Largest request line and headers.", default=64 * 1024, low=1024
    )
    request_body_max: SizeBytes = option("Largest request body.", default=64 * MiB, low=1024)
    request_unpacked_max: SizeBytes = option(
        "Largest request body after decompression.", default=256 * MiB, low=1024
    )
    request_timeout: DurationMs = option(
        "Longest time that one request may take.", default=120_000, low=10
    )
    requests_at_once_max: int = option(
        "How many requests are worked on at the same time.", default=512, low=1
    )
    console: FilePath | None = option(
        "Folder with a built console to show instead of the one built in.", default=None
    )
    floor: str = option(
        "Control of a sample floor, for drills from the console; used with alerting.inbox alone.",
        default="http://127.0.0.1:7602",
    )
    cors_origin: str = option(
        "Pattern (RE2) for the sites whose pages may read the APIs; empty is none.", default=".*"
    )
    drain_timeout: DurationMs = option(
        "How long a stopping server lets running requests finish.", default=10_000
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the addresses and the pattern."""
        for name, address in (("listen", self.listen), ("otlp_grpc_listen", self.otlp_grpc_listen)):
            if not is_address(address) and (address or name == "listen"):
                yield name, f"{address!r} is not an address: write HOST:PORT or :PORT"
        try:
            regex(self.cors_origin)
        except TapewatchError as fault:
            yield "cors_origin", str(fault)


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where everything is kept."""

    directory: FilePath = option(
        "The data directory; one server at a time.", default=Path("tapewatch-data")
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The server's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = option(
        "The least severe line that is written.", default="info"
    )
    form: Literal["auto", "json", "pretty"] = option(
        "auto is pretty on a terminal and JSON elsewhere.", default="auto"
    )


@dataclass(frozen=True, slots=True)
class RegionsSettings:
    """Which processes of this host are read from their memory, and how often."""

    enabled: bool = option("Whether regions are read at all.", default=True)
    folders: tuple[FilePath, ...] = option(
        "Folders with regions; none is /dev/shm/tapewatch-UID, of every user where root asks.",
        default=(),
    )
    every: DurationMs = option("How often the numbers are read.", default=100, low=50)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    server: ServerSettings = option("", default_factory=ServerSettings)
    data: DataSettings = option("", default_factory=DataSettings)
    log: LogSettings = option("", default_factory=LogSettings)
    metrics: MetricsSettings = option("", default_factory=MetricsSettings)
    regions: RegionsSettings = option("", default_factory=RegionsSettings)
    watch: WatchSettings = option("", default_factory=WatchSettings)
    alerting: AlertingSettings = option("", default_factory=AlertingSettings)
    catalog: CatalogSettings = option("", default_factory=CatalogSettings)


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """Where settings are read from, so that they can be read again on a reload."""

    file: Path | None
    environment: Mapping[str, str]
    flags: Sequence[tuple[str, str, str]] = ()
    """Path, text, and the flag that gave them."""

    @classmethod
    def find(
        cls, file: Path | None, flags: Sequence[tuple[str, str, str]] = ()
    ) -> "SettingsSource":
        """Take the named file, else ``$TAPEWATCH_CONFIG``, else ``./tapewatch.yaml`` if there."""
        named = file or (Path(given) if (given := os.environ.get("TAPEWATCH_CONFIG")) else None)
        if named is None and DEFAULT_FILE.exists():
            named = DEFAULT_FILE
        return cls(named, dict(os.environ), tuple(flags))

    def read(self) -> Settings:
        """Read and check everything; raises ``DocumentError`` with every fault."""
        faults: list[Fault] = []
        tree = nodes.load(self.file) if self.file else nodes.Mapping({}, 1)
        for path, text, origin in self._overlays():
            try:
                tree = lay_over(tree, Settings, path, text, origin)
            except DocumentError as fault:
                faults.extend(fault.faults)
        folder = self.file.parent if self.file else Path()
        try:
            settings = read_node(tree, Settings, file=str(self.file or "settings"), folder=folder)
        except DocumentError as fault:
            raise DocumentError([*faults, *fault.faults]) from None
        if faults:
            raise DocumentError(faults)
        return settings

    def slips(self) -> list[str]:
        """Name environment variables that look like settings and are none."""
        return unknown_variables(Settings, self.environment, also=OTHER_VARIABLES)

    def _overlays(self) -> Iterator[tuple[str, str, str]]:
        for path, (text, name) in from_environment(Settings, self.environment).items():
            yield path, text, name
        yield from self.flags


def split_address(address: str) -> tuple[str, int]:
    """Split ``host:port``, ``:port`` or ``[v6]:port``; raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not 0 <= int(port) <= 65_535:
        raise ValueError(address)
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104  # ":7600" means every address, and public ones need a token


def is_address(address: str) -> bool:
    """Say whether ``split_address`` can read a text."""
    try:
        split_address(address)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
