"""
From a folder to a catalog.

Nothing stops at the first fault: a file that cannot be read leaves the others, a thing that is
wrong leaves its neighbours, and whatever could be read is there for the checks.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog, Place
from tapewatch.catalog.errors import CatalogRefused, UnknownPack
from tapewatch.catalog.file import SECTIONS
from tapewatch.catalog.platform import Platform
from tapewatch.catalog.runbook import Runbook, parse_runbook
from tapewatch.catalog.words import is_name
from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import settings_of
from tapewatch.document.reading import NOTHING, Reader, suggestion
from tapewatch.model.labels import is_plain_metric_name

PACKS: Final = Path(__file__).parent / "packs"
"""The packs that come with Tapewatch."""
FILES_MAX: Final = 2_000
TESTS: Final = "tests"
RUNBOOKS: Final = "runbooks"
_RUNBOOK_SIZE_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read of a folder, and what could not."""

    catalog: Catalog
    faults: tuple[Fault, ...]


def load_catalog(folder: Path) -> Catalog:
    """Read a pack; ``CatalogRefused`` tells every fault."""
    loaded = load(folder)
    if loaded.faults:
        raise CatalogRefused(loaded.faults)
    return loaded.catalog


def load(folder: Path) -> Loaded:
    """Read what can be read of a pack."""
    reading = _Reading(folder)
    return Loaded(reading.catalog(), tuple(sorted(set(reading.faults))))


def find_pack(name: str, beside: Path | None = None) -> Path:
    """Find a pack by its folder, by its name beside another, or by its name among ours."""
    if os.sep in name or name in (".", ".."):
        return Path(name)
    roots = [PACKS, PACKS / "base"]
    if beside is not None:
        roots = [beside.resolve().parent, beside.resolve().parent / "base", *roots]
    for root in roots:
        if (root / name).is_dir():
            return root / name
    if Path(name).is_dir():
        return Path(name)
    raise UnknownPack(name, pack_names())


def pack_names() -> list[str]:
    """List the packs that come with Tapewatch."""
    folders = (path.parent for path in PACKS.glob("**/platform.yaml"))
    return sorted(path.name for path in folders)


@dataclass(slots=True)
class _Reading:
    """One folder while it is read."""

    folder: Path
    users: tuple[Path, ...] = ()
    """The packs whose ``uses`` led here."""
    faults: list[Fault] = field(default_factory=list)
    platform: Platform | None = None
    sections: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {section: {} for section in SECTIONS}
    )
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    runbooks: dict[str, Runbook] = field(default_factory=dict)
    adjustments: list[tuple[str, nodes.Mapping]] = field(default_factory=list)
    tests: list[Path] = field(default_factory=list)

    def catalog(self) -> Catalog:
        """Read everything and put it together."""
        if not self.folder.is_dir():
            self._fault(str(self.folder), 0, "", "is not a folder")
        for path in self._files():
            self._read(path)
        platform = self._settled_platform()
        for name in platform.uses:
            self._use(name)
        for file, node in self.adjustments:
            self._adjust(file, node)
        return Catalog(
            platform=platform,
            folder=self.folder,
            runbooks=self.runbooks,
            tests=tuple(self.tests),
            places=self.places,
            **self.sections,
        )

    def _fault(self, file: str, line: int, path: str, message: str) -> None:
        self.faults.append(Fault(file, line, path, message))

    def _files(self) -> list[Path]:
        found = [
            Path(root, name)
            for root, _, names in os.walk(self.folder)
            for name in names
            if name.endswith((".yaml", ".yml", ".md"))
        ]
        if len(found) > FILES_MAX:
            message = f"holds {len(found)} files, {FILES_MAX} are the limit"
            self._fault(str(self.folder), 0, "", message)
            return []
        return sorted(found)

    def _read(self, path: Path) -> None:
        inside = path.relative_to(self.folder).parts[:-1]
        if path.suffix == ".md":
            if inside and inside[0] == RUNBOOKS:
                self._read_runbook(path)
        elif inside and inside[0] == TESTS:
            self.tests.append(path)
        else:
            self._read_file(path)

    def _read_runbook(self, path: Path) -> None:
        file = str(path)
        try:
            size = path.stat().st_size
            if size > _RUNBOOK_SIZE_MAX_BYTES:
                limit = _RUNBOOK_SIZE_MAX_BYTES
                self._fault(file, 0, "", f"is {size} bytes long, {limit} are the limit")
                return
            text = path.read_text(encoding="utf-8-sig")
        except OSError as fault:
            self._fault(file, 0, "", f"cannot be read: {fault.strerror}")
        except UnicodeDecodeError as fault:
            self._fault(file, 0, "", f"is not UTF-8: byte {fault.object[fault.start]:#04x}")
        else:
            self.runbooks[path.stem] = parse_runbook(path.stem, text, file=file)
            self.places["runbooks", path.stem] = Place("", file, 1)

    def _read_file(self, path: Path) -> None:
        try:
            node = nodes.load(path)
        except DocumentError as fault:
            self.faults.extend(fault.faults)
            return
        file = str(path)
        if isinstance(node, nodes.Scalar) and node.is_null:
            return
        if not isinstance(node, nodes.Mapping):
            self._fault(file, node.line, "", "must be a mapping of sections")
            return
        for key, section in node.items.items():
            self._read_section(file, key, section, node.key_lines[key])

    def _read_section(self, file: str, key: str, node: nodes.Node, line: int) -> None:
        if key == "platform":
            self._read_platform(file, node, line)
        elif key == "adjust" and isinstance(node, nodes.Mapping):
            self.adjustments.append((file, node))
        elif key not in SECTIONS:
            known = ("platform", *SECTIONS, "adjust")
            self._fault(file, line, key, f"is not a section{suggestion(key, known)}")
        elif isinstance(node, nodes.Mapping):
            for name, inner in node.items.items():
                self._read_thing(file, key, name, inner, node.key_lines[name])
        elif not (isinstance(node, nodes.Scalar) and node.is_null):
            self._fault(file, line, key, "must be a mapping from names to what they name")

    def _read_platform(self, file: str, node: nodes.Node, line: int) -> None:
        if ("platform", "") in self.places:
            first = self.places["platform", ""]
            self._fault(file, line, "platform", f"stands in {first.file} already")
            return
        self.places["platform", ""] = Place("", file, line, node)
        platform = self._value(file, node, Platform, "platform")
        self.platform = None if platform is NOTHING else platform

    def _read_thing(self, file: str, section: str, name: str, node: nodes.Node, line: int) -> None:
        path = f"{section}.{name}"
        if not (is_name(name) or _is_series_name(section, name)):
            self._fault(file, line, path, f"{name!r} is not a name")
        if (first := self.places.get((section, name))) is not None:
            self._fault(file, line, path, f"is declared in {first.file}:{first.line} already")
            return
        self.places[section, name] = Place("", file, line, node)
        value = self._value(file, node, SECTIONS[section], path)
        if value is not NOTHING:
            self.sections[section][name] = value

    def _value(self, file: str, node: nodes.Node, shape: type, path: str) -> Any:
        reader = Reader(file, Path(file).parent)
        value = reader.read(node, shape, path)
        self.faults.extend(reader.faults)
        return value

    def _settled_platform(self) -> Platform:
        platform = self.platform
        if platform is None:
            if self.folder.is_dir() and ("platform", "") not in self.places:
                message = "has no platform: write platform: {name: …} into platform.yaml"
                self._fault(str(self.folder), 0, "", message)
            platform = Platform(self.folder.name)
        self.places = {
            key: replace(place, pack=platform.name) for key, place in self.places.items()
        }
        return platform

    def _use(self, name: str) -> None:
        place = self.places["platform", ""]
        line = place.line_of("uses")
        try:
            folder = find_pack(name, self.folder)
        except UnknownPack as unknown:
            self._fault(place.file, line, "platform.uses", str(unknown))
            return
        users = (*self.users, self.folder.resolve())
        if folder.resolve() in users:
            self._fault(place.file, line, "platform.uses", f"{name} uses itself through others")
            return
        used = _Reading(folder, users)
        other = used.catalog()
        self.faults.extend(used.faults)
        self._take(other)

    def _take(self, other: Catalog) -> None:
        """Add what another pack declares; limits and labels of our own go before its."""
        for section in SECTIONS:
            for name, value in other.section(section).items():
                self._take_thing(section, name, value, other.place(section, name))
        for name, runbook in other.runbooks.items():
            if name not in self.runbooks:
                self.runbooks[name] = runbook
                self.places["runbooks", name] = other.place("runbooks", name)
        self.tests.extend(path for path in other.tests if path not in self.tests)

    def _take_thing(self, section: str, name: str, value: Any, place: Place) -> None:
        ours = self.places.get((section, name))
        if ours is None:
            self.sections[section][name] = value
            self.places[section, name] = place
        elif section not in ("limits", "labels", "owners", "channels") and ours != place:
            message = f"is declared in {place.file}:{place.line} already; change it under adjust"
            self._fault(ours.file, ours.line, f"{section}.{name}", message)

    def _adjust(self, file: str, node: nodes.Mapping) -> None:
        for section, things in node.items.items():
            line = node.key_lines[section]
            if section not in SECTIONS or not isinstance(things, nodes.Mapping):
                path = f"adjust.{section}"
                self._fault(file, line, path, f"is not a section{suggestion(section, SECTIONS)}")
                continue
            for name, changes in things.items.items():
                self._adjust_thing(file, section, name, changes, things.key_lines[name])

    def _adjust_thing(
        self, file: str, section: str, name: str, changes: nodes.Node, line: int
    ) -> None:
        path = f"adjust.{section}.{name}"
        known = self.sections[section]
        if name not in known:
            message = f"is in none of the packs that are used{suggestion(name, known)}"
            self._fault(file, line, path, message)
        elif isinstance(changes, nodes.Scalar) and changes.is_null:
            del known[name]
            del self.places[section, name]
        elif isinstance(changes, nodes.Mapping):
            values = self._changes(file, SECTIONS[section], changes, path)
            known[name] = replace(known[name], **values)
        else:
            self._fault(file, line, path, "must be the settings that differ, or nothing")

    def _changes(self, file: str, shape: type, node: nodes.Mapping, path: str) -> Mapping[str, Any]:
        settings = {setting.key: setting for setting in settings_of(shape)}
        reader = Reader(file, Path(file).parent)
        values = {}
        for key, given in node.items.items():
            if key not in settings:
                message = f"is not a setting here{suggestion(key, settings)}"
                reader.fault(given, f"{path}.{key}", message, line=node.key_lines[key])
                continue
            setting = settings[key]
            value = reader.read(given, setting.type, f"{path}.{key}", setting.option)
            if value is not NOTHING:
                values[setting.name] = value
        self.faults.extend(reader.faults)
        return values


def _is_series_name(section: str, name: str) -> bool:
    return section in ("metrics", "records") and is_plain_metric_name(name)
