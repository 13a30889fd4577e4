"""The record of the last drill: one JSON file in the folder in which it was held."""

from pathlib import Path
from typing import Final

import orjson

from tapewatch.drill.errors import NoRecord
from tapewatch.drill.outcome import Run
from tapewatch.store.files import write_whole

RECORD: Final = "tapewatch-drill.json"
FORM: Final = 1


def keep(run: Run, path: Path) -> None:
    """Write a drill down."""
    told = {"form": FORM, **run.to_plain()}
    write_whole(path, orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def recall(path: Path) -> Run:
    """Read the drill that was written down last; raises ``NoRecord``."""
    try:
        told = orjson.loads(path.read_bytes())
        if told.pop("form") != FORM:
            raise NoRecord(path)
        return Run.from_plain(told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoRecord(path) from None
