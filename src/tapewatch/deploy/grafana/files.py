"""The files that Grafana is given: dashboards, and where it finds them and its sources."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.deploy.errors import BrokenDashboard
from tapewatch.deploy.grafana.dashboard import dashboard
from tapewatch.deploy.grafana.lint import lint
from tapewatch.document.printing import to_yaml

MOUNTED: Final = "/var/lib/grafana/dashboards"
"""Where the folder ``dashboards`` is mounted."""
LOKI_PORT: Final = 3100
TEMPO_PORT: Final = 3200


def render(catalog: Catalog) -> Mapping[str, str]:
    """Render the dashboards of a platform and what provisions them."""
    name = catalog.platform.name
    files = {
        "provisioning/datasources/tapewatch.yaml": to_yaml(_sources(catalog)),
        "provisioning/dashboards/tapewatch.yaml": to_yaml(_providers(catalog)),
    }
    for page_name, page in catalog.dashboards.items():
        content = dashboard(catalog, page_name, page)
        if faults := lint(content, catalog):
            raise BrokenDashboard(f"{name}/{page_name}", faults)
        files[f"dashboards/{name}/{page_name}.json"] = to_json(content)
    return files


def to_json(content: Any) -> str:
    """Write a dashboard so that its changes can be read."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _sources(catalog: Catalog) -> dict[str, Any]:
    platform = catalog.platform
    metrics = f"http://localhost:{platform.port('prometheus')}"
    milliseconds = {"timeInterval": f"{platform.scrape_every}ms"}
    return {
        "apiVersion": 1,
        "datasources": [
            _source("Metrics", "prometheus", metrics, jsonData=milliseconds, isDefault=True),
            _source("Logs", "loki", f"http://localhost:{LOKI_PORT}"),
            _source("Traces", "tempo", f"http://localhost:{TEMPO_PORT}"),
        ],
    }


def _source(name: str, kind: str, url: str, **more: Any) -> dict[str, Any]:
    own = {"name": name, "uid": name.lower(), "type": kind, "access": "proxy", "url": url}
    return {**own, **more}


def _providers(catalog: Catalog) -> dict[str, Any]:
    platform = catalog.platform
    provider = {
        "name": platform.name,
        "folder": platform.title or platform.name,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "options": {"path": f"{MOUNTED}/{platform.name}"},
    }
    return {"apiVersion": 1, "providers": [provider]}
