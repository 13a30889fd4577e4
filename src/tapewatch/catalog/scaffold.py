"""A new pack to begin with: the example, under another name."""

import re
from pathlib import Path
from typing import Final

from tapewatch.catalog.errors import CannotCreate
from tapewatch.catalog.loading import PACKS
from tapewatch.catalog.words import is_name

EXAMPLE: Final = PACKS / "example"


def create(folder: Path) -> list[Path]:
    """Write a pack that is complete and checks clean; the folder's name is its name."""
    name = folder.resolve().name
    if not is_name(name):
        raise CannotCreate(name, "is not a name: write letters, digits, - and _")
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise CannotCreate(str(folder), "is there already and is not empty")
    return [_copy(path, folder, name) for path in sorted(EXAMPLE.rglob("*")) if path.is_file()]


def _copy(path: Path, folder: Path, name: str) -> Path:
    target = folder / path.relative_to(EXAMPLE)
    text = path.read_text(encoding="utf-8")
    if path.name == "platform.yaml":
        text = re.sub(r"(?m)^  name: example$", f"  name: {name}", text)
    elif path.name == "README.md":
        text = f"# {name}\n\nWhat this platform is, and who looks after it.\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target
