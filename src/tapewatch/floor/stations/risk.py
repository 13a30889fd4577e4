"""Checks what strategies want, keeps the book, and compares it with the venues'."""

from collections import defaultdict
from dataclasses import replace
from typing import Final

from tapewatch.floor import causes
from tapewatch.floor.messages import RISK, Holding, Mail, Order
from tapewatch.floor.stations.station import Station
from tapewatch.floor.voices.scene import Scene
from tapewatch.sdk.registry import Registry
from tapewatch.sdk.tracing.context import TRACEPARENT, accepted
from tapewatch.sdk.tracing.operation import Operation
from tapewatch.sdk.trading.kill_switch import KillSwitch
from tapewatch.sdk.trading.reconciler import Reconciler

SWITCH: Final = "desk"
ORDER_USD_MAX: Final = 10_000.0
POSITION_USD_MAX: Final = 50_000.0
TOLERANCE: Final = 1e-6
SLOW_TIMES: Final = 400.0
OLD_S: Final = 360.0


class Risk(Station):
    """The risk checks of one desk."""

    role = RISK

    def __init__(self, scene: Scene, registry: Registry, metrics: frozenset[str]) -> None:
        super().__init__(scene, registry, metrics)
        self._operation = Operation("risk_check")
        self._held: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._reconcilers: dict[str, tuple[Reconciler, Reconciler]] = {}
        self._switch: KillSwitch | None = None
        if "kill_switch_state" in metrics:
            self._switch = KillSwitch(SWITCH, now_ns=self.clock, registry=registry)
        if "position_drift" in metrics:
            self._reconcilers = {
                venue: (self._reconciler(venue, "position"), self._reconciler(venue, "balance"))
                for venue in scene.market.venues
            }
            for venue in scene.market.venues:
                # What is never told of is never compared; a drift of nothing is told by zero.
                self._held[venue] = dict.fromkeys(scene.market.symbols, 0.0)

    def _reconciler(self, venue: str, kind: str) -> Reconciler:
        return Reconciler(
            venue, kind=kind, tolerance=TOLERANCE, now_ns=self._compared, registry=self.registry
        )

    def _compared(self) -> int:
        old_s = OLD_S if causes.RECONCILER in self.scene.causes else 0.0
        return self.now_ns - round(old_s * 1e9)

    def step(self, mail: Mail) -> Mail:
        """Check the intents of one step."""
        scene = self.scene
        for symbol, price in mail.get("quotes", ()):
            scene.market.prices[symbol] = price
        scene.trading.orders = []
        for order in mail.get("news", ()):
            scene.trading.hear(order)
            at_venue = self._held[order.venue]
            at_venue[order.symbol] = at_venue.get(order.symbol, 0.0) + order.signed
        self._move_switch()
        if statements := mail.get("statements"):
            self._reconcile(statements)
        return {"orders": [each for each in map(self._traced, mail.get("intents", ())) if each]}

    def _traced(self, order: Order) -> Order | None:
        with accepted({TRACEPARENT: order.trace}), self._operation(order_id=order.number):
            return self._check(order)

    def _check(self, order: Order) -> Order | None:
        rng = self.scene.rng
        times = SLOW_TIMES if causes.SLOW_DESK in self.scene.causes else 1.0
        took_s = rng.lognormvariate(-9.5, 0.4) * times
        venue = rng.choice(self.scene.market.venues)
        self.scene.checked += 1
        why = self._refusal(order)
        if why:
            self.scene.refused += 1
            self.scene.journal.warning(
                "Risk check failed", order_id=str(order.number), symbol=order.symbol, reason=why
            )
            return None
        return replace(order, risk_s=took_s, venue=venue)

    def _refusal(self, order: Order) -> str:
        if self._switch and self._switch.tripped:
            return "kill_switch"
        if order.value_usd > ORDER_USD_MAX:
            return "order_too_large"
        held_usd = self.scene.trading.book.quantities.get(order.symbol, 0.0) * order.price
        return "position_limit" if abs(held_usd) > POSITION_USD_MAX else ""

    def _move_switch(self) -> None:
        switch, kill = self._switch, causes.KILL in self.scene.causes
        if switch and kill and not switch.tripped:
            switch.trip("operator", "a fault of the floor")
            self.scene.journal.error("The kill switch is tripped", switch=SWITCH)
        elif switch and switch.tripped and not kill:
            switch.arm("operator", "the fault is over")

    def _reconcile(self, statements: list[Holding]) -> None:
        theirs: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for venue, symbol, quantity in statements:
            theirs[venue][symbol] = quantity
        for venue, (positions, balances) in self._reconcilers.items():
            drifts = positions.compare(self._held[venue], theirs[venue])
            balances.compare({"USD": 1e6}, {"USD": 1e6})
            if drifts and self.scene.every(f"drift {venue}", 10.0):
                self.scene.journal.error(
                    "Positions disagree with the venue's", venue=venue, symbols=len(drifts)
                )
