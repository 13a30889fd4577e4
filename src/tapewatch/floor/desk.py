"""
One desk: the services of a pack, at the venues of one exchange, telling what the pack declares.

A step moves the exchange, lets every role of the trading path work on its mail, and has every
service that lives tell what it saw. The desk itself is the bus: it brings messages from one role to
the next, whether a service is in this process or in one of its own. Which services have which roles
and voices stands in ``cast.py``.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tapewatch.catalog.catalog import Catalog
from tapewatch.floor.cast import CASTS
from tapewatch.floor.changes import Active
from tapewatch.floor.errors import UnknownPack
from tapewatch.floor.exchange import Exchange
from tapewatch.floor.faults import Fault
from tapewatch.floor.ledger import Bill, Ledger
from tapewatch.floor.market import Market
from tapewatch.floor.messages import EXCHANGE, ROLES, Mail, Post
from tapewatch.floor.mischief import Running
from tapewatch.floor.service import LocalService, Plan, Service, Step, Worker, start_of
from tapewatch.floor.size import Size

Hire = Callable[[Plan, Catalog], Worker]
"""Makes a service of its plan, here or elsewhere."""


class Desk:
    """
    The services of one pack.

    Without a ``folder`` their numbers are in private memory. Stand-ins that the pack does not
    declare, and so nobody scrapes, have their regions in ``shared`` where that is given.
    """

    def __init__(
        self,
        catalog: Catalog,
        size: Size,
        seed: int,
        now_s: float,
        folder: Path | None,
        shared: Path | None = None,
        *,
        logs: str = "",
        hire: Hire = LocalService,
    ) -> None:
        self.catalog = catalog
        self.name = catalog.platform.name
        if self.name not in CASTS:
            raise UnknownPack(self.name, tuple(CASTS))
        self.cast = CASTS[self.name]
        self.market = self._market(size, seed)
        rng = random.Random(f"{seed} {self.name} exchange")  # noqa: S311 # A game, and repeatable.
        self.exchange = Exchange(self.market, rng)
        self.ledger = Ledger()
        self._post = Post()
        prices = dict(self.market.prices)
        self.services = tuple(
            self._service(Plan(self.name, name, size, seed, now_s, prices, *told, logs), hire)
            for told in [(str(folder or ""), str(shared or ""))]
            for name in self.cast.services(size, tuple(catalog.services))
        )

    def _market(self, size: Size, seed: int) -> Market:
        return Market(
            symbols=self.cast.symbols_of(size),
            venues=self.cast.venues_of(size),
            messages_per_second=size.messages_per_second,
            rng=random.Random(f"{seed} {self.name} market"),  # noqa: S311 # As above.
        )

    def _service(self, plan: Plan, hire: Hire) -> Service:
        declared = self.catalog.services.get(plan.service)
        start = start_of(plan, scraped=declared is not None)
        return Service(
            name=plan.service,
            port=declared.ports.get("metrics", 0) if declared else 0,
            folder=start.place.folder if start else None,
            roles=self.cast.stations.get(plan.service, ()),
            worker=hire(plan, self.catalog),
        )

    def step(
        self,
        now_s: float,
        seconds: float,
        running: Sequence[Running] = (),
        changes: Iterable[Active] = (),
    ) -> None:
        """Let so much time pass, with these faults, and more changes to what is told."""
        step = Step(now_s, seconds, 1.0, tuple(running), tuple(changes))
        self.exchange.causes = step.causes
        self._send(self.exchange.step(now_s, seconds, self._post.take(EXCHANGE)))
        step = Step(now_s, seconds, self.market.activity, step.running, step.changes)
        living = [each for each in self.services if each.works]
        for service in living:
            service.worker.begin(step)
        for role in ROLES:
            self._work(role, living)
        for service in living:
            service.worker.tell()

    def _work(self, role: str, living: Sequence[Service]) -> None:
        for service in living:
            if role in service.roles:
                self._send(service.worker.work(role, self._post.take(role)))
        # What came for somebody who is not there is lost, as it is on a wire.
        if role != EXCHANGE:
            self._post.take(role)

    def _send(self, mail: Mail) -> None:
        self.ledger.hear(mail)
        self._post.send(mail)

    def bill(self, fault: Fault) -> Bill:
        """Begin to reckon what the time of a fault comes to."""
        booked_usd = fault.booked_usd(self.catalog.metrics)
        return Bill(self.ledger, self.market.prices, booked_usd=booked_usd)

    def close(self) -> None:
        """Say that every service ends on purpose."""
        for service in self.services:
            service.worker.close()
