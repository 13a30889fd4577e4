"""What every station is: mail in, mail out, and the objects of the SDK that it calls."""

from abc import ABC, abstractmethod
from typing import ClassVar

from tapewatch.floor.messages import Mail
from tapewatch.floor.voices.scene import Scene
from tapewatch.sdk.registry import Registry


class Station(ABC):
    """One part of the trading path."""

    role: ClassVar[str]

    def __init__(self, scene: Scene, registry: Registry, metrics: frozenset[str]) -> None:
        self.scene = scene
        self.registry = registry
        self.metrics = metrics
        """What the desk's pack declares; objects are there only for what it does."""

        self.now_ns = round(scene.began_s * 1e9)

    def clock(self) -> int:
        """The time of the step, for the objects of the SDK."""
        return self.now_ns

    @abstractmethod
    def step(self, mail: Mail) -> Mail:
        """Do the work of one step."""
