"""Services: what runs, on which ports, whose it is, and what it cannot do without."""

from collections.abc import Iterator
from dataclasses import dataclass

from tapewatch.document.fields import option
from tapewatch.document.types import DurationMs


@dataclass(frozen=True, slots=True)
class Service:
    """One process, or several alike."""

    title: str = option("Its name for people; the key otherwise.", default="")
    help: str = option("What it does, in a sentence.", default="")
    owner: str = option("Whose it is; the platform's owner otherwise.", default="")
    tier: int = option(
        "How near to the money: 1 loses some at once, 3 nothing today.", default=2, low=1, high=3
    )
    ports: dict[str, int] = option("Its ports by what they are for.", default_factory=dict)
    host: str = option("Where it runs, for the scrape and for port clashes.", default="localhost")
    needs: tuple[str, ...] = option("The services that it cannot do without.", default=())
    job: str = option("Its job label; the key with - for _ otherwise.", default="")
    labels: dict[str, str] = option("More labels of its targets.", default_factory=dict)
    scraped: bool = option("Whether it is asked for metrics, on its port metrics.", default=True)
    metrics_path: str = option("The path of its metrics.", default="/metrics")
    every: DurationMs = option("How often it is scraped; 0 is as the platform says.", default=0)
    traced: bool = option("Whether it sends traces.", default=False)
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the ports."""
        for name, port in self.ports.items():
            if not 0 < port < 65_536:
                yield f"ports.{name}", f"{port} is not a port: write 1 to 65535"


def job_of(name: str, service: Service) -> str:
    """Tell the job label of a service's series."""
    return service.job or name.replace("_", "-")
