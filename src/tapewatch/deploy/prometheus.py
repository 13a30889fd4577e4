"""
A catalog for Prometheus: its configuration, the rules, and their tests.

The guards of calendars read ``calendar_open``, which Tapewatch serves; where it watches beside
Prometheus, it is scraped like any other target.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import rule_file
from tapewatch.catalog.derive.scraping import scrape_jobs
from tapewatch.catalog.rule_tests.promtool import long_form
from tapewatch.catalog.rule_tests.reading import read_tests
from tapewatch.document.printing import to_yaml
from tapewatch.model.durations import format_duration_ms

RULES_FILE: Final = "rules.yaml"
CONFIG_FILE: Final = "prometheus.yml"
TESTS: Final = "tests"
OWN_JOB: Final = "tapewatch"
OWN_ADDRESS: Final = "127.0.0.1:7600"

Plain = dict[str, Any]


def render(catalog: Catalog) -> Mapping[str, str]:
    """Render ``prometheus.yml``, the rules, and the tests of the rules in promtool's long form."""
    return {
        CONFIG_FILE: to_yaml(config(catalog)),
        RULES_FILE: to_yaml(rule_file(catalog)),
        **dict(_tests(catalog)),
    }


def config(catalog: Catalog) -> Plain:
    """Return the content of ``prometheus.yml``."""
    platform = catalog.platform
    address = platform.url.split("//")[-1].strip("/") or OWN_ADDRESS
    own = {"job_name": OWN_JOB, "static_configs": [{"targets": [address]}]}
    alertmanager = f"localhost:{platform.port('alertmanager')}"
    return {
        "global": {
            "scrape_interval": format_duration_ms(platform.scrape_every),
            "evaluation_interval": format_duration_ms(platform.every),
            "external_labels": {"platform": platform.name},
        },
        "rule_files": [RULES_FILE],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [*scrape_jobs(catalog), own],
    }


def _tests(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for path in catalog.tests:
        written = long_form(catalog, read_tests(path), rules_file=f"../{RULES_FILE}")
        if written["tests"]:
            yield f"{TESTS}/{path.name}", to_yaml(written)
