"""Targets that are written down in the job itself."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from tapewatch.document.fields import option
from tapewatch.metrics.scrape.discovery.groups import ADDRESS, Changes, OnFailure, TargetGroup


@dataclass(frozen=True, slots=True)
class StaticSettings:
    """Some addresses and the labels that they share."""

    targets: tuple[str, ...] = option("Addresses, HOST:PORT.", default=())
    labels: dict[str, str] = option("Labels of them all.", default_factory=dict)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the addresses, where that is still cheap."""
        for index, target in enumerate(self.targets):
            if "/" in target:
                yield f"targets[{index}]", f"{target!r} is not HOST:PORT; set scheme and path apart"


class StaticDiscovery:
    """Yields once."""

    mechanism = "static"

    def __init__(self, settings: Sequence[StaticSettings]) -> None:
        self._settings = settings

    async def groups(self, on_failure: OnFailure) -> AsyncIterator[Changes]:  # noqa: ARG002  # nothing can fail here
        """Yield every group."""
        yield [
            TargetGroup(str(i), tuple({ADDRESS: each} for each in group.targets), group.labels)
            for i, group in enumerate(self._settings)
        ]
