"""
The console's files: what the build left in a folder, held in memory and ready to send.

The build writes ``index.html``, files under ``assets/`` whose names carry a hash of what is in
them, and beside each large file its ``.br`` and ``.gz`` forms. Nothing here knows what they mean.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import tapewatch

BUILT_IN: Final = Path(tapewatch.__file__).parent / "console"
INDEX: Final = "index.html"
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class ConsoleFile:
    """One file in all the forms in which it can be sent."""

    name: str
    media_type: str
    etag: str
    forms: dict[str, bytes] = field(repr=False)
    """The body by its content coding; the plain one under an empty name."""

    @property
    def cache_control(self) -> str:
        """How long the file may be kept: for ever where its name changes with its content."""
        return FOREVER if self.name.startswith("assets/") else ASK_AGAIN

    def best_form(self, accepted: str) -> tuple[str, bytes]:
        """Choose the smallest form that an ``Accept-Encoding`` header allows."""
        offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
        for coding, _ in CODINGS:
            if coding in offered and coding in self.forms:
                return coding, self.forms[coding]
        return "", self.forms[""]


class ConsoleFiles:
    """The files of one folder; a new build is seen as soon as its index has another time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or BUILT_IN
        self._files: dict[str, ConsoleFile] = {}
        self._stamp_ns = 0

    def index(self) -> ConsoleFile | None:
        """Return the page that every address of the console begins with; None without a build."""
        self._look_again()
        return self._files.get(INDEX)

    def get(self, name: str) -> ConsoleFile | None:
        """Return a file by its name below the folder."""
        if not self._files:
            self._look_again()
        return self._files.get(name)

    def _look_again(self) -> None:
        try:
            stamp_ns = (self._folder / INDEX).stat().st_mtime_ns
        except OSError:
            self._files, self._stamp_ns = {}, 0
            return
        if stamp_ns != self._stamp_ns:
            self._files = {each.name: each for each in map(self._read, self._names())}
            self._stamp_ns = stamp_ns

    def _names(self) -> list[str]:
        paths = (path for path in self._folder.rglob("*") if path.suffix in MEDIA_TYPES)
        return [path.relative_to(self._folder).as_posix() for path in paths]

    def _read(self, name: str) -> ConsoleFile:
        plain = (self._folder / name).read_bytes()
        forms = {"": plain}
        for coding, suffix in CODINGS:
            packed = self._folder / f"{name}{suffix}"
            if packed.exists():
                forms[coding] = packed.read_bytes()
        etag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
        return ConsoleFile(name, MEDIA_TYPES[Path(name).suffix], etag, forms)
