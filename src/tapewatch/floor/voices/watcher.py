"""
What a stand-in for a second watcher tells.

The watcher that looks at the floor is healthy while anybody can ask it. Two watchers that watch
each other are how its death is seen, and this is the other one.
"""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

COMPONENTS: Final = ("metrics", "watch", "alerting")
CHANNEL: Final = "desk/slack/0"
GROUP: Final = "risk"


def watcher(numbers: Numbers, scene: Scene) -> None:
    """Tell that everything is well."""
    numbers.put("tapewatch_ready", 1)
    for component in COMPONENTS:
        numbers.put("tapewatch_component_up", 1, component=component)
    numbers.put("tapewatch_channel_up", 1, channel=CHANNEL)
    numbers.put("tapewatch_outbox_waiting", 0)
    numbers.put("tapewatch_rules_failing", 0)
    numbers.add("tapewatch_rule_group_evaluations_missed_total", 0, rule_group=GROUP)
    numbers.put("tapewatch_metrics_read_only", 0)
    numbers.put("tapewatch_data_free_bytes", 2e11)
    numbers.put("tapewatch_metrics_series", round(scene.near(12_000)))
    numbers.put("tapewatch_metrics_series_limit", 1e6)
    numbers.put("tapewatch_metrics_damaged_files", 0)
    numbers.put("tapewatch_config_last_reload_successful", 1)
