"""How soon are pages seen and told, how precise are the alerts, and what does a drill take?"""

from bench.harness import Outcome, Row, Scale
from tapewatch.drill.conductor import conduct
from tapewatch.drill.plan import plans
from tapewatch.model.clock import SystemClock

QUESTION = "How soon is a page seen and told, and how much noise comes with it?"
SEED = 7
TINY_TARGETS = ("CacheFull",)


def run(scale: Scale) -> Outcome:
    """Hold a drill over everything, or over one alert on the played clock alone."""
    full = scale is Scale.FULL
    drill = conduct(
        plans(() if full else TINY_TARGETS),
        seed=SEED,
        clock=SystemClock(),
        tell=print if full else lambda _: None,
        real=full,
        quiet=full,
    )
    told = drill.summary()
    assert told["fired"] == told["alerts"] or full, told["failed"]
    tolds = sorted(
        each.channel_s
        for each in drill.alerts
        if each.clock == "real" and each.channel_s is not None
    )
    rows = [
        Row("alerts that fired", told["fired"], "alerts", must=told["alerts"],
            larger_is_better=True),
        Row("precision", told["precision"], "", must=0.95, larger_is_better=True),
        Row("whole drill", drill.wall_s, "s", must=600.0 if full else None),
        Row("processor of the played part", drill.cpu_s, "s"),
        Row("largest process", drill.memory_bytes / 1e6, "MB", must=600.0 if full else None),
    ]  # fmt: skip
    if full:
        rows.append(Row("pages in a quiet hour", told["quiet_pages"], "pages", must=0.0))
    if tolds:
        p50, p99 = told["detect_seconds_p50"], told["detect_seconds_p99"]
        rows += [
            Row("seen, p50", p50, "s"),
            Row("seen, p99", p99, "s", must=1.0),
            Row("told, p50", tolds[len(tolds) // 2], "s"),
            Row("told, p99", tolds[min(int(0.99 * len(tolds)), len(tolds) - 1)], "s"),
        ]
    return Outcome(rows, notes=told["failed"])
