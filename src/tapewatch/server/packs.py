"""
The packs of a server: read, checked, and laid into the settings.

What follows from the packs is written into the folder ``catalog`` of the data directory, where it
can be looked at, and the settings of scraping, watching and alerting name those files. Everything
is checked before anything is written: a bad catalog changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from tapewatch.alerting.actions.settings import ActionSettings
from tapewatch.alerting.oncall.settings import OnCallSettings
from tapewatch.alerting.settings import AlertingSettings
from tapewatch.catalog.calendars import calendar_names
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.checks.run import blocking, check_catalog
from tapewatch.catalog.derive.boards import boards
from tapewatch.catalog.derive.crew import actions, on_call
from tapewatch.catalog.derive.together import routing_together, rule_files, scrape_together
from tapewatch.catalog.errors import CatalogRefused, UnknownPack
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.catalog.settings import CatalogSettings
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.reading import read_file
from tapewatch.server.boards import Dashboard
from tapewatch.server.settings import Settings
from tapewatch.store.files import write_whole

_HEAD: Final = "# Made from the packs of this server; what is changed here is lost.\n"


@dataclass(frozen=True)
class Packs:
    """The packs that are in use."""

    catalogs: tuple[Catalog, ...] = ()

    @classmethod
    def read(cls, settings: CatalogSettings) -> "Packs":
        """Read and check the packs; raises ``DocumentError`` with everything that is wrong."""
        faults: list[Fault] = []
        catalogs = []
        for index, name in enumerate(settings.packs):
            try:
                catalog = load_catalog(find_pack(name))
            except UnknownPack as unknown:
                faults.append(Fault("settings", 0, f"catalog.packs[{index}]", str(unknown)))
            except CatalogRefused as refused:
                faults.extend(refused.faults)
            else:
                faults.extend(blocking(check_catalog(catalog)))
                catalogs.append(catalog)
        faults.extend(_same_names(catalogs))
        if faults:
            raise DocumentError(faults)
        return cls(tuple(catalogs))

    def at(self, url: str) -> "Packs":
        """Let links lead to this server where a pack does not say another."""
        return Packs(tuple(_at(catalog, url) for catalog in self.catalogs))

    def dashboards(self) -> Sequence[Dashboard]:
        """Return the pages of all packs, as the console draws them."""
        return self._dashboards

    @cached_property
    def _dashboards(self) -> tuple[Dashboard, ...]:
        return tuple(page for catalog in self.catalogs for page in boards(catalog))

    def laid_into(self, settings: Settings, folder: Path, own_address: str) -> Settings:
        """Write what follows from the packs, and return settings that use it."""
        if not self.catalogs:
            return _checked(settings)
        folder.mkdir(exist_ok=True)
        settings = self._watched(settings, folder)
        settings = self._routed(settings, folder)
        if settings.catalog.scrape:
            settings = self._scraped(settings, folder, own_address)
        return _checked(settings)

    def _watched(self, settings: Settings, folder: Path) -> Settings:
        paths = [
            _write(folder / f"rules.{name}.yaml", content)
            for name, content in rule_files(self.catalogs).items()
        ]
        asked = {name for catalog in self.catalogs for name in calendar_names(catalog)}
        watch = settings.watch
        calendars = tuple(sorted({*watch.calendars, *asked}))
        files = (*watch.rule_files, *paths)
        return replace(settings, watch=replace(watch, rule_files=files, calendars=calendars))

    def _routed(self, settings: Settings, folder: Path) -> Settings:
        alerting = settings.alerting
        if alerting.route is not None or alerting.config_file is not None:
            # Who writes routes has routes; the packs' are at hand in the folder.
            return settings
        secrets = str(settings.catalog.secrets.absolute())
        routes = routing_together(self.catalogs, secrets=secrets)
        path = _write(folder / "alertmanager.yaml", routes)
        alerting = self._crewed(replace(alerting, config_file=path), folder, secrets)
        return replace(settings, alerting=alerting)

    def _crewed(self, alerting: AlertingSettings, folder: Path, secrets: str) -> AlertingSettings:
        """Add what packs say of actions and of who is on call; the settings' own words win."""
        told = {
            "on_call": on_call(self.catalogs),
            "actions": actions(self.catalogs, secrets=secrets),
        }
        crew = read_file(_write(folder / "crew.yaml", told), _Crew)
        packs, known, own = crew.on_call, crew.actions, alerting.on_call
        return replace(
            alerting,
            actions=replace(alerting.actions, known={**known, **alerting.actions.known}),
            on_call=replace(
                own,
                people={**packs.people, **own.people},
                schedules={**packs.schedules, **own.schedules},
                escalations=own.escalations or packs.escalations,
            ),
        )

    def _scraped(self, settings: Settings, folder: Path, own_address: str) -> Settings:
        metrics = settings.metrics
        jobs = scrape_together(self.catalogs)
        if not jobs or metrics.config_file is not None:
            return settings
        if not metrics.scrape_configs and settings.server.auth_token is None:
            own = {"targets": [own_address], "labels": {"service": "tapewatch"}}
            jobs.append({"job_name": "tapewatch", "static_configs": [own]})
        path = _write(folder / "scrape.yaml", {"scrape_configs": jobs})
        files = (*metrics.scrape_config_files, path)
        return replace(settings, metrics=replace(metrics, scrape_config_files=files))


@dataclass(frozen=True, slots=True)
class _Crew:
    """What packs say of actions, and of who is on call."""

    on_call: OnCallSettings = option("", default_factory=OnCallSettings)
    actions: dict[str, ActionSettings] = option("", default_factory=dict)


def _checked(settings: Settings) -> Settings:
    """Refuse what is wrong only with what packs bring, such as a program that is armed unasked."""
    actions = settings.alerting.actions
    faults = [
        Fault("settings", 0, f"alerting.actions.{path}", told)
        for path, told in (*actions.faults(), *actions.unknown())
    ]
    if faults:
        raise DocumentError(faults)
    return settings


def _at(catalog: Catalog, url: str) -> Catalog:
    platform = catalog.platform
    return replace(catalog, platform=replace(platform, url=platform.url or url))


def _same_names(catalogs: Sequence[Catalog]) -> list[Fault]:
    names = [catalog.platform.name for catalog in catalogs]
    return [
        Fault("settings", 0, "catalog.packs", f"two packs are called {name!r}")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def _write(path: Path, content: dict[str, Any]) -> Path:
    """Write a file whole or not at all."""
    text = _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_whole(path, text.encode())
    return path
