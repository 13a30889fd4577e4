"""A catalog for Loki: how long records are kept, and what is counted of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.document.printing import to_yaml
from tapewatch.model.durations import format_duration_ms

RULES_FILE: Final = "rules/fake/rules.yaml"
"""Below the name that Loki gives to the only tenant of a server without tenants."""
LIMITS_FILE: Final = "limits.yaml"
WINDOW: Final = "5m"


def render(catalog: Catalog) -> Mapping[str, str]:
    """Render the recording rules of every log query, and the retention."""
    files = {LIMITS_FILE: to_yaml({"limits_config": _limits(catalog)})}
    if rules := list(_rules(catalog)):
        group = {"name": catalog.platform.name, "interval": "1m", "rules": rules}
        files[RULES_FILE] = to_yaml({"groups": [group]})
    return files


def _limits(catalog: Catalog) -> dict[str, Any]:
    return {"retention_period": format_duration_ms(catalog.platform.retention.logs)}


def _rules(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for name, query in catalog.log_queries.items():
        # A question that a reader completes by a choice has no answer of its own.
        if query.logql and "$" not in query.logql:
            labels = {"query": name, **({"service": query.service} if query.service else {})}
            expr = f"sum(count_over_time({query.logql} [{WINDOW}]))"
            yield {"record": f"log:records:count{WINDOW}", "expr": expr, "labels": labels}
