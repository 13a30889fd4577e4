"""The dashboards that were imported: a file each beside the data, whole or not there."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson

from tapewatch.server.boards import Dashboard
from tapewatch.server.grafana.report import Plain
from tapewatch.store.files import sync_folder, write_whole

log = logging.getLogger(__name__)

KEPT_MAX: Final = 500
SUFFIX: Final = ".json"


class ImportedDashboards:
    """What declares the imported dashboards, and keeps them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boards: dict[str, Dashboard] = {}
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                self._boards[path.stem] = orjson.loads(path.read_bytes())
            except (OSError, ValueError) as fault:
                log.warning(
                    "an imported dashboard cannot be read",
                    extra={"path": str(path), "fault": str(fault)},
                )

    def dashboards(self) -> Sequence[Dashboard]:
        """Return all, by name."""
        return tuple(self._boards[name] for name in sorted(self._boards))

    @property
    def full(self) -> bool:
        """Whether no other one finds room."""
        return len(self._boards) >= KEPT_MAX

    def knows(self, name: str) -> bool:
        """Say whether there is one of that name."""
        return name in self._boards

    def keep(self, board: Plain) -> None:
        """Keep a dashboard; one of the same name is replaced."""
        name = str(board["name"])
        write_whole(self._folder / f"{name}{SUFFIX}", orjson.dumps(board))
        self._boards[name] = board

    def remove(self, name: str) -> None:
        """Forget a dashboard."""
        (self._folder / f"{name}{SUFFIX}").unlink(missing_ok=True)
        sync_folder(self._folder)
        del self._boards[name]
