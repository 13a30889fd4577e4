"""What can be set about the catalog of a server."""

from dataclasses import dataclass
from pathlib import Path

from tapewatch.document.fields import option
from tapewatch.document.types import FilePath


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """Which packs a server runs."""

    packs: tuple[str, ...] = option(
        "The packs: folders, or names of packs that come with Tapewatch.", default=()
    )
    secrets: FilePath = option(
        "The directory of the files that channels name as their secrets.", default=Path("secrets")
    )
    scrape: bool = option("Whether the services of the packs are scraped.", default=True)
