"""What thousands of alert rules cost beside the scraping that feeds them."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import servers
from bench.harness import Outcome, Row, Scale, version_of
from bench.servers import OURS, PROMETHEUS, Server
from bench.targets import SYMBOLS, VENUES, Targets, serving

QUESTION = "How much of a core do 2,000 alert rules over 100,000 series take at 1 s?"
MUST_CORES = 0.5
GROUP_RULES = 50
FORMS = (
    *("quote_price{%s} < -1e9",) * 12,
    *("sum by (venue) (position_quantity{%s}) > 1e12",) * 3,
    *("absent(orders_sent_total{%s})",) * 2,
    *("orders_filled_total{%s} / orders_sent_total{%s} > 1e9",) * 2,
    "sum(rate(orders_sent_total{%s}[1m])) > 1e9",
)
"""The forms of rules and how often each comes: mostly thresholds, as on a desk."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    targets: int
    series: int
    rules: int
    interval: str
    warm_up_seconds: float
    seconds: float


FULL = Size(20, 5_000, 2_000, "1s", warm_up_seconds=20, seconds=30)
TINY = Size(2, 400, 60, "200ms", warm_up_seconds=1.5, seconds=1)


def run(scale: Scale) -> Outcome:
    """Scrape the same targets with rules and without, and compare."""
    size = FULL if scale is Scale.FULL else TINY
    with tempfile.TemporaryDirectory() as folder, serving(size.targets, size.series) as targets:
        with_rules, missed = cores(Path(folder), targets, size, OURS)
        peer = None
        if scale is Scale.FULL and servers.has(PROMETHEUS):
            peer, _ = cores(Path(folder), targets, size, PROMETHEUS)
    rows = [
        Row("CPU of the rules", with_rules, "cores", peer, MUST_CORES),
        Row("missed evaluations", missed, "", must=0.0),
    ]
    return Outcome(rows, [version_of(PROMETHEUS)] if peer else (), peer="Prometheus")


def cores(folder: Path, targets: Targets, size: Size, name: str) -> tuple[float, float]:
    """Return what the rules take of a core, and how many turns were missed."""
    plain = build(folder / f"{name}_plain", targets, size, name, rules=False)
    ruled = build(folder / f"{name}_ruled", targets, size, name, rules=True)
    with servers.running(plain, ruled):
        time.sleep(size.warm_up_seconds)
        before = [each.cpu_seconds() for each in (plain, ruled)]
        missed_before = missed(ruled)
        time.sleep(size.seconds)
        spent = [each.cpu_seconds() - old for each, old in zip((plain, ruled), before, strict=True)]
        check(ruled, size)
        return (spent[1] - spent[0]) / size.seconds, missed(ruled) - missed_before


def build(folder: Path, targets: Targets, size: Size, name: str, *, rules: bool) -> Server:
    """Build a server that scrapes the targets, with the rules or without."""
    config = targets.config(folder / "prometheus.yml", folder.name, size.interval)
    files = [str(folder / "rules.yml")] if rules else []
    (folder / "rules.yml").write_text(json.dumps(rule_file(size)), encoding="utf-8")
    if name == OURS:
        return servers.ours(folder, {"config_file": str(config)}, watch={"rule_files": files})
    told = yaml.safe_load(config.read_text(encoding="utf-8")) | {"rule_files": files}
    config.write_text(json.dumps(told), encoding="utf-8")
    return servers.prometheus(folder, config)


def rule_file(size: Size) -> dict[str, object]:
    """Write the rules, in groups."""
    every = list(rules_of(size.rules))
    groups = [every[at : at + GROUP_RULES] for at in range(0, len(every), GROUP_RULES)]
    return {
        "groups": [
            {"name": f"g{number}", "interval": size.interval, "rules": rules}
            for number, rules in enumerate(groups)
        ]
    }


def rules_of(count: int) -> Iterator[dict[str, object]]:
    """Yield alert rules that stay quiet, each over the series of one instrument everywhere."""
    for number in range(count):
        form = FORMS[number % len(FORMS)]
        symbol, venue = SYMBOLS[number % 8], VENUES[number // 8 % 5]
        strategy = f"mm_{number // 40 % 7:04d}"
        labels = f'symbol="{symbol}",venue="{venue}"'
        labels += f',strategy="{strategy}"' if "absent" not in form else ""
        yield {
            "alert": f"A{number}",
            "expr": form.replace("%s", labels),
            "for": "1m",
            "labels": {"severity": "page"},
            "annotations": {"summary": "{{ $labels.symbol }} is {{ $value }}"},
        }


def missed(server: Server) -> float:
    """Return how many turns a server has missed."""
    lines = server.ask("/metrics").decode().splitlines()
    name = {
        OURS: "tapewatch_rule_group_evaluations_missed_total",
        PROMETHEUS: "prometheus_rule_group_iterations_missed_total",
    }[server.name]
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{"))


def check(server: Server, size: Size) -> None:
    """Every rule is evaluated, and well."""
    groups = json.loads(server.ask("/api/v1/rules"))["data"]["groups"]
    rules: Sequence[dict[str, str]] = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == size.rules
    unwell = [rule for rule in rules if rule["health"] != "ok"]
    assert not unwell, f"{len(unwell)} rules are not well: {unwell[:1]}"
