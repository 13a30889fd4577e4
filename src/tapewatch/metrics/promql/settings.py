"""How an engine evaluates: its limits, and the parts of the language that are switched on."""

import threading
from dataclasses import dataclass, field

from tapewatch.metrics.promql.features import STABLE, Features


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every query of an engine; the defaults are Prometheus'."""

    lookback_ms: int = 300_000
    samples_max: int = 50_000_000
    memory_bytes_max: int | None = None
    timeout_s: float | None = 120.0
    default_subquery_step_ms: int = 60_000
    features: Features = STABLE
    delayed_name_removal: bool = False
    start_timestamps: bool = False
    type_and_unit_labels: bool = False
    passes_off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """What one query may use, where that is less than the engine's settings allow."""

    samples_max: int | None = None
    memory_bytes_max: int | None = None
    timeout_s: float | None = None
    lookback_ms: int | None = None
    canceled: threading.Event = field(default_factory=threading.Event)
