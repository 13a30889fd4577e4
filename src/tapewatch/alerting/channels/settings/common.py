"""What the settings of all channels share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from tapewatch.alerting.channels.settings.shared import SharedSettings
from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs
from tapewatch.metrics.scrape.http.settings import HttpSettings

Faults: TypeAlias = Iterator[tuple[str, str]]

TIMEOUT_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSettings:
    """What Alertmanager does not have; all of it stands under ``tapewatch:``."""

    labels: tuple[str, ...] = option(
        "Labels that may leave, beside those of the built-in list.", default=()
    )
    annotations: tuple[str, ...] = option(
        "Annotations that may leave, beside those of the built-in list.", default=()
    )
    destination: Literal["outside", "inside", ""] = option(
        "Whether messages leave the house, and only what is allowed goes; the channel knows.",
        default="",
    )
    update: bool | None = option(
        "Whether the first message of an episode is changed instead of writing more.", default=None
    )
    fold: bool | None = option(
        "Whether a storm is told together; else by chats, mails and pushes alone.", default=None
    )
    chart: bool = option("Whether a chart of the series goes along.", default=True)
    fallback: str = option("The receiver that takes over what is refused here.", default="")
    timeout: DurationMs = option("How long one attempt may take.", default=TIMEOUT_MS, low=1)
    per_second: float | None = option(
        "Most messages per second, where the channel's own pace does not fit.", default=None
    )
    burst: int | None = option("How many messages may go at once.", default=None, low=1)
    test_interval: DurationMs = option(
        "How often a test message proves that the channel works; 0 is never.", default=0
    )

    def faults(self) -> Faults:
        """Check what limits cannot say."""
        if self.per_second is not None and self.per_second <= 0:
            yield "per_second", f"{self.per_second:g} is not above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """One entry of ``…_configs``."""

    SHARED: ClassVar[Mapping[tuple[str, ...], tuple[str, ...]]] = {}
    """Fields that come from ``global`` together where none of them is set here."""

    NEEDED: ClassVar[Mapping[tuple[str, ...], str]] = {}
    """Of these fields one must be known in the end; the words say what is missing."""

    send_resolved: bool = option("Whether the end is told too.", default=True)
    http_config: HttpSettings | None = option("How requests are made.", default=None)
    tapewatch: OwnSettings = option("Our own settings.", default_factory=OwnSettings)

    def with_shared(self, shared: SharedSettings) -> Self:
        """Fill in what the ``global`` section says."""
        changes: dict[str, Any] = {}
        for own, general in {("http_config",): ("http_config",), **self.SHARED}.items():
            if not any(getattr(self, name) not in (None, "") for name in own):
                pairs = zip(own, general, strict=True)
                changes |= {name: getattr(shared, source) for name, source in pairs}
        return replace(self, **changes)

    def lacks(self) -> Faults:
        """Say what is still missing after ``with_shared``."""
        for names, words in self.NEEDED.items():
            if not any(getattr(self, name) for name in names):
                yield "", words


def exclusive(settings: object, *pairs: tuple[str, str]) -> Faults:
    """Check that of each pair only one is given."""
    for first, second in pairs:
        if getattr(settings, first) and getattr(settings, second):
            yield first, f"{first} and {second} exclude each other"


def one_of(settings: object, *names: str) -> Faults:
    """Check that exactly one of some settings is given."""
    given = [name for name in names if getattr(settings, name)]
    if not given:
        yield "", f"needs {' or '.join(names)}"
    for name in given[1:]:
        yield name, f"{given[0]} and {name} exclude each other"
