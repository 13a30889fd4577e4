"""
Components and the supervisor that starts, watches, restarts and stops them.

A component says by name which others it needs. They are started in that order and stopped in the
reverse one; a start that fails stops what was started and raises. A component whose ``run`` ends
or raises is stopped and started again with a growing pause, and its health says so meanwhile.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from tapewatch.model.clock import Clock
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, family

log = logging.getLogger(__name__)

PAUSE_FIRST_SECONDS: Final = 0.5
PAUSE_LAST_SECONDS: Final = 60.0
SETTLED_SECONDS: Final = 60.0
"""A component that ran this long before it died starts again with the first pause."""


class State(StrEnum):
    """Where a component is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    DIED = "died"
    STOPPED = "stopped"


class Component(Protocol):
    """
    One long-lived part of the server.

    What stands above this module derives from it and overrides what applies; what stands below has
    the same methods by itself.
    """

    name: str = ""
    needs: Sequence[str] = ()

    async def start(self) -> None:
        """Become usable; raise to say why not."""

    async def run(self) -> None:
        """Work until cancelled; to return or raise is to have died."""
        await asyncio.Event().wait()

    async def stop(self) -> str:
        """Finish what was begun, give everything back, and say what was drained (or "")."""
        return ""

    def ready(self) -> bool:
        """Say whether requests that need this component can be answered."""
        return True

    def families(self) -> Iterable[Family]:
        """Yield the component's own metrics."""
        return ()


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one component."""

    name: str
    state: State
    since_ns: int
    restarts: int
    last_error: str | None

    @property
    def good(self) -> bool:
        """Whether the component does its work."""
        return self.state is State.RUNNING


class Supervised:
    """A component with its state."""

    def __init__(self, component: Component, clock: Clock) -> None:
        self.component = component
        self.restarts = 0
        self.last_error: str | None = None
        self.task: asyncio.Task[None] | None = None
        self._clock = clock
        self._state = State.WAITING
        self._since_ns = clock.now_ns()

    @property
    def state(self) -> State:
        """Where the component is in its life."""
        return self._state

    def enter(self, state: State) -> None:
        """Note a change of state."""
        self._state = state
        self._since_ns = self._clock.now_ns()

    def health(self) -> Health:
        """Say what is known."""
        return Health(
            self.component.name, self._state, self._since_ns, self.restarts, self.last_error
        )


class Supervisor:
    """Owns the components of one server."""

    def __init__(self, components: Iterable[Component], clock: Clock) -> None:
        self._clock = clock
        self._all = [Supervised(each, clock) for each in in_order(list(components))]

    @property
    def components(self) -> list[Component]:
        """The components in the order in which they start."""
        return [each.component for each in self._all]

    def health(self) -> list[Health]:
        """Say how every component is."""
        return [each.health() for each in self._all]

    def ready(self) -> bool:
        """Say whether every component runs and is ready."""
        return all(each.state is State.RUNNING and each.component.ready() for each in self._all)

    async def start(self) -> None:
        """Start everything in order, or nothing: what was started is stopped again on a failure."""
        for each in self._all:
            try:
                await self._start_one(each)
            except BaseException:
                await self.stop()
                raise

    async def stop(self) -> dict[str, str]:
        """Stop everything in reverse order; returns what each component drained."""
        drained = {}
        for each in reversed(self._all):
            if each.state in (State.WAITING, State.STOPPED):
                continue
            drained[each.component.name] = await self._stop_one(each)
        return {name: told for name, told in drained.items() if told}

    def families(self) -> Iterable[Family]:
        """Yield the state of every component as metrics, and each component's own."""
        health = self.health()
        yield family(
            "tapewatch_component_up",
            MetricType.GAUGE,
            "Whether the component does its work.",
            [(Labels.of(component=each.name), float(each.good)) for each in health],
        )
        yield family(
            "tapewatch_component_restarts_total",
            MetricType.COUNTER,
            "How often the component died and was started again.",
            [(Labels.of(component=each.name), each.restarts) for each in health],
        )
        for component in self.components:
            yield from component.families()

    async def _start_one(self, each: Supervised) -> None:
        each.enter(State.STARTING)
        await each.component.start()
        each.enter(State.RUNNING)
        each.task = asyncio.create_task(self._watch(each), name=each.component.name)

    async def _stop_one(self, each: Supervised) -> str:
        if each.task is not None:
            each.task.cancel()
            await asyncio.gather(each.task, return_exceptions=True)
            each.task = None
        told = await self._stop_component(each)
        each.enter(State.STOPPED)
        return told

    async def _stop_component(self, each: Supervised) -> str:
        try:
            return await each.component.stop()
        except Exception as fault:  # The others must still be stopped; the fault is shown.
            each.last_error = describe(fault)
            log.exception(
                "component did not stop cleanly", extra={"component": each.component.name}
            )
            return ""

    async def _watch(self, each: Supervised) -> None:
        pause = PAUSE_FIRST_SECONDS
        while True:
            began_ns = self._clock.monotonic_ns()
            each.last_error = await self._run_until_death(each.component) or each.last_error
            each.enter(State.DIED)
            if self._clock.monotonic_ns() - began_ns > SETTLED_SECONDS * 1e9:
                pause = PAUSE_FIRST_SECONDS
            log.error(
                "component died",
                extra={"component": each.component.name, "fault": each.last_error, "pause": pause},
            )
            pause = await self._revive(each, pause)

    async def _run_until_death(self, component: Component) -> str:
        try:
            await component.run()
        except Exception as fault:
            log.debug("component raised", exc_info=True, extra={"component": component.name})
            return describe(fault)
        return "it ended by itself"

    async def _revive(self, each: Supervised, pause: float) -> float:
        """Try to start again until it works; returns the pause before the next try."""
        while True:
            await self._clock.sleep(pause)
            pause = min(pause * 2, PAUSE_LAST_SECONDS)
            each.restarts += 1
            await self._stop_component(each)
            try:
                each.enter(State.STARTING)
                await each.component.start()
            except Exception as fault:  # noqa: BLE001  # Whatever it was, the next try comes.
                each.last_error = describe(fault)
                each.enter(State.DIED)
                continue
            each.enter(State.RUNNING)
            log.info("component runs again", extra={"component": each.component.name})
            return pause


def in_order(components: Sequence[Component]) -> list[Component]:
    """Order components so that each comes after what it needs, else as they were given."""
    by_name = {component.name: component for component in components}
    assert len(by_name) == len(components), "two components share a name"
    ordered: dict[str, Component] = {}

    def place(name: str, wanted_by: tuple[str, ...]) -> None:
        assert name in by_name, f"{wanted_by[-1]} needs {name}, which is not there"
        assert name not in wanted_by, f"components need each other: {' > '.join(wanted_by)}"
        if name not in ordered:
            for need in by_name[name].needs:
                place(need, (*wanted_by, name))
            ordered[name] = by_name[name]

    for component in components:
        place(component.name, ())
    return list(ordered.values())


def describe(fault: BaseException) -> str:
    """Put a fault into one line."""
    text = str(fault).strip().replace("\n", " ")
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__
