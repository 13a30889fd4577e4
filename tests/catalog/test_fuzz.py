"""Whatever stands in the files, reading and checking ends with findings, never with a traceback."""

import random
import tempfile
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapewatch.alerting.configuration import read_alertmanager_text
from tapewatch.catalog.checks.run import blocking, check_catalog, of_faults
from tapewatch.catalog.derive.panels import asked_rows
from tapewatch.catalog.derive.routing import routing
from tapewatch.catalog.derive.rules import rule_file
from tapewatch.catalog.loading import PACKS, load
from tapewatch.catalog.pages import platform_page
from tapewatch.watch.rules.files import read_rules_text
from tapewatch.watch.rules.promql import PromQL

EXAMPLE = {
    path.relative_to(PACKS / "example"): path.read_text()
    for path in (PACKS / "example").rglob("*")
    if path.suffix in (".yaml", ".md")
}
ODD = (
    "null",
    "[]",
    "{}",
    "-1",
    "~",
    "'",
    '"{{"',
    "$nothing",
    "1e999",
    "!!binary x",
    "*a",
    "0s",
    "é",
)


def spoiled(text, rng):
    """Break a text as people and programs do: lose, move, double and replace what is there."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(lines))
        line = lines[place]
        change = rng.randrange(5)
        if change == 0:
            del lines[place]
        elif change == 1:
            lines.insert(rng.randrange(len(lines)), line)
        elif change == 2:
            lines[place] = line[: rng.randrange(len(line) + 1)]
        elif change == 3:
            key, colon, _ = line.partition(":")
            lines[place] = f"{key}{colon} {rng.choice(ODD)}"
        else:
            lines[place] = f"  {line}" if rng.random() < 0.5 else line.removeprefix("  ")
        if not lines:
            break
    return "\n".join(lines) + "\n"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_a_spoiled_pack_is_told_and_never_crashes(seed):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        chosen = rng.sample(sorted(EXAMPLE), k=2)
        for path, text in EXAMPLE.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(spoiled(text, rng) if path in chosen else text)
        loaded = load(folder)
        findings = [*of_faults(loaded.faults), *check_catalog(loaded.catalog)]
        assert all(str(finding) for finding in findings)
        if not (loaded.faults or blocking(findings)):
            rules = yaml.safe_dump(rule_file(loaded.catalog))
            read_rules_text(rules, PromQL(), file="rules")
            read_alertmanager_text(yaml.safe_dump(routing(loaded.catalog)))
            for dashboard in loaded.catalog.dashboards.values():
                asked_rows(loaded.catalog, dashboard)
        platform_page(loaded.catalog)
