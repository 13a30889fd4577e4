"""
One server: its settings, its data directory, its components and its application.

``Server`` is made whole or not at all, reloaded while it runs, and asked by the faces. Everything
that a face needs to know is here; nothing here knows HTTP beyond handing out the application.
"""

import logging
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tapewatch.alerting.charts.engine import EngineSource
from tapewatch.alerting.charts.painter import SeriesPainter
from tapewatch.alerting.service import AlertingService
from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import join
from tapewatch.metrics.service import MetricsService, OwnTarget
from tapewatch.model.clock import Clock
from tapewatch.model.samples import Family, counter, gauge
from tapewatch.server import faces, logs, vitals
from tapewatch.server.boards import DashboardSource, OwnDashboards
from tapewatch.server.console import ConsoleFiles
from tapewatch.server.diary import Diary, catalog_notes, loaded, refused, started
from tapewatch.server.faces.live import Streams
from tapewatch.server.grafana.kept import ImportedDashboards
from tapewatch.server.http.app import App
from tapewatch.server.http.listener import Listener, check_exposure
from tapewatch.server.http.shapes import ErrorShapes
from tapewatch.server.lifecycle import Component, Supervisor
from tapewatch.server.messages import late_rules, runbook_steps
from tapewatch.server.packs import Packs
from tapewatch.server.regions import RegionsService
from tapewatch.server.rehearsal import rehearsed
from tapewatch.server.rpc import RpcListener, check_rpc_exposure
from tapewatch.server.service_pages import ServicePages
from tapewatch.server.settings import ServerSettings, Settings, SettingsSource, split_address
from tapewatch.server.slow import SlowQueries
from tapewatch.store.directory import DataDirectory
from tapewatch.version import VERSION
from tapewatch.watch.service import WatchService, read_sources

log = logging.getLogger(__name__)

FIXED: frozenset[str] = frozenset(
    {
        "server.listen",
        "server.console",
        "server.otlp_grpc_listen",
        "server.request_head_max",
        "data.directory",
        "metrics.storage.commit_interval",
        "metrics.storage.page_cache",
        "metrics.storage.exemplars_max",
        "watch.on_arrival",
        "watch.arrival_floor",
        "watch.concurrency",
    }
)
"""Settings that a reload cannot change; the server says so and keeps the old value."""


class Server:
    """A running (or starting, or stopping) server."""

    def __init__(self, source: SettingsSource, settings: Settings, clock: Clock) -> None:
        check_addresses(settings.server)
        read_sources(settings.watch, settings.metrics.query.engine.features)
        self.packs = Packs.read(settings.catalog)
        self.source = source
        self.settings = settings
        self.clock = clock
        self.started_ns = clock.now_ns()
        self.reloads_failed = 0
        self.reload_good = True
        self.reloaded_ns = self.started_ns
        self.stopping = False
        self.console = ConsoleFiles(settings.server.console)
        self._rpc: RpcListener | None = None
        shapes = ErrorShapes()
        self.app = App(
            faces.routes(self, shapes), shapes, settings.server, is_open=faces.console.is_open(self)
        )
        self._listener = Listener(self.app, settings.server, needs=("metrics", "alerting"))
        self.address = self._listener.bind()
        try:
            self.directory = DataDirectory.open(
                settings.data.directory, now_ns=self.started_ns, writer=f"tapewatch {VERSION}"
            )
        except BaseException:
            self._listener.close()
            raise
        self.diary = Diary(self.directory.path / "changes.jsonl")
        self.diary.note(started(self.started_ns, VERSION))
        settings = self.settings = self._with_packs(self.packs, settings)
        self.imported = ImportedDashboards(self.directory.folder("dashboards"))
        self.metrics = MetricsService(
            self.directory.folder("metrics"),
            settings.metrics,
            clock,
            own=OwnTarget(own_address(self.address), settings.server.auth_token),
        )
        self.alerting = AlertingService(
            self.directory.folder("alerting"),
            settings.alerting,
            clock,
            external_url=self.external_url,
            steps=runbook_steps(lambda: self.packs),
            painter=SeriesPainter(EngineSource(self.metrics)),
            rules=self._blind,
            server_id=self.directory.identity.id,
            folders=lambda: self.settings.regions.folders,
        )
        self.watch = WatchService(
            settings.watch, self.metrics, clock, external_url=self.external_url
        )
        self.watch.sinks.append(self.alerting)
        self.regions = RegionsService(
            self.directory.folder("regions"), settings.regions, self.metrics, clock
        )
        self.streams = Streams(self.metrics, clock)
        self.slow = SlowQueries(clock)
        self.supervisor = Supervisor(self._components(), clock)

    def _components(self) -> list[Component]:
        components: list[Component] = [
            self.metrics,
            self.regions,
            self.alerting,
            self.watch,
            self._listener,
        ]
        if self.settings.server.otlp_grpc_listen:
            self._rpc = RpcListener(self.settings.server, faces.rpc_methods(self), ("metrics",))
            components.append(self._rpc)
        return components

    async def start(self) -> None:
        """Start every component, or none; the data directory is given back on a failure."""
        try:
            await self.supervisor.start()
        except BaseException:
            self.directory.close()
            raise

    async def stop(self) -> dict[str, str]:
        """Stop every component and give the data directory back; returns what was drained."""
        self.stopping = True
        drained = await self.supervisor.stop()
        self.directory.close()
        return drained

    def reload(self) -> list[str]:
        """
        Read the settings again and use them.

        Raises ``DocumentError`` and keeps the old ones when the new ones are wrong. Returns the
        settings that changed but need a restart.
        """
        try:
            fresh = self.source.read()
            check_addresses(fresh.server)
            packs = Packs.read(fresh.catalog)
            fresh = self._with_packs(packs, fresh)
            read_sources(fresh.watch, fresh.metrics.query.engine.features)
        except Exception as fault:
            self.reloads_failed += 1
            self.reload_good = False
            told = (
                [str(each) for each in fault.faults]
                if isinstance(fault, DocumentError)
                else [str(fault)]
            )
            self.diary.note(refused(self.clock.now_ns(), told))
            log.error("new configuration refused, the old one stays", extra={"faults": told})  # noqa: TRY400  # the faults are the whole story
            raise
        was, self.packs = self.packs, packs
        changed = set(changes(self.settings, fresh))
        self.reload_good = True
        self.reloaded_ns = self.clock.now_ns()
        self._apply(fresh)
        waiting = sorted(changed & FIXED)
        self._write_down(was, changed, waiting)
        log.info("configuration loaded", extra={"changed": sorted(changed), "restart_for": waiting})
        return waiting

    def _write_down(self, was: Packs, changed: set[str], waiting: list[str]) -> None:
        """Note what a reload has changed."""
        self.diary.note(loaded(self.reloaded_ns, changed, waiting))
        for note in catalog_notes(self.reloaded_ns, was.catalogs, self.packs.catalogs):
            self.diary.note(note)

    @property
    def service_pages(self) -> ServicePages:
        """The page of every service that the packs declare."""
        return ServicePages(self.packs.catalogs, self.metrics.database)

    @property
    def boards(self) -> tuple[DashboardSource, ...]:
        """What declares dashboards; the packs' come first."""
        return self.packs, self.imported, OwnDashboards()

    def _with_packs(self, packs: Packs, settings: Settings) -> Settings:
        """Lay what follows from packs into settings."""
        folder = self.directory.path / "catalog"
        packs = packs.at(_external_url(settings, self.address))
        return rehearsed(packs.laid_into(settings, folder, own_address(self.address)))

    def _apply(self, fresh: Settings) -> None:
        self.settings = fresh
        logs.set_up(level=fresh.log.level, form=fresh.log.form)
        self.app.apply(fresh.server)
        if self._rpc is not None:
            self._rpc.apply(fresh.server)
        self.metrics.apply(fresh.metrics)
        self.regions.apply(fresh.regions)
        self.watch.apply(fresh.watch, external_url=self.external_url)
        self.alerting.apply(fresh.alerting)

    def _blind(self, now_ns: int) -> str:
        """Say what keeps rules from being evaluated; an outside heartbeat stops by it."""
        return late_rules(self.watch, now_ns)

    @property
    def external_url(self) -> str:
        """How people reach the server, without a slash at its end."""
        return _external_url(self.settings, self.address)

    def families(self) -> Iterator[Family]:
        """Yield the server's own metrics."""
        yield from vitals.families(self.started_ns)
        yield gauge("tapewatch_ready", "Whether every component is ready.", self.supervisor.ready())
        yield gauge(
            "tapewatch_config_last_reload_successful",
            "Whether the configuration on disk is the one in use.",
            self.reload_good,
        )
        yield gauge(
            "tapewatch_config_last_reload_success_timestamp_seconds",
            "When the configuration in use was read.",
            self.reloaded_ns / 1e9,
        )
        yield counter(
            "tapewatch_config_reload_failures_total",
            "How often a new configuration was refused.",
            self.reloads_failed,
        )
        yield gauge(
            "tapewatch_data_free_bytes",
            "Room left on the disk of the data directory.",
            self.directory.free_bytes(),
        )
        yield from self.app.tally.families()
        yield from self.streams.families()
        yield from self.supervisor.families()


def check_addresses(settings: ServerSettings) -> None:
    """Refuse a public address without authentication."""
    check_exposure(settings)
    check_rpc_exposure(settings.otlp_grpc_listen, settings.auth_token)


def own_address(address: str) -> str:
    """Return the address at which the server reaches itself."""
    host, port = split_address(address)
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared with, not listened on
        host = "127.0.0.1"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _external_url(settings: Settings, address: str) -> str:
    told = settings.server.external_url or f"http://{own_address(address)}"
    return told.rstrip("/")


def changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which two settings differ."""
    if not is_dataclass(old) or type(old) is not type(new):
        if old != new:
            yield path
        return
    for each in fields(old):
        yield from changes(getattr(old, each.name), getattr(new, each.name), join(path, each.name))
