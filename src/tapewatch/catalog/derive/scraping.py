"""Scrape jobs in the form of ``prometheus.yml``: one for each service."""

from typing import Any

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.service import Service, job_of
from tapewatch.model.durations import format_duration_ms

METRICS_PORT = "metrics"


def scrape_jobs(catalog: Catalog) -> list[dict[str, Any]]:
    """Return a job for every service that has a port for metrics."""
    return [
        _job(catalog, name, service)
        for name, service in catalog.services.items()
        if service.scraped and METRICS_PORT in service.ports
    ]


def _job(catalog: Catalog, name: str, service: Service) -> dict[str, Any]:
    job: dict[str, Any] = {
        "job_name": job_of(name, service),
        "scrape_interval": format_duration_ms(service.every or catalog.platform.scrape_every),
    }
    if service.metrics_path != "/metrics":
        job["metrics_path"] = service.metrics_path
    labels = {"service": name, **catalog.platform.target_labels, **service.labels}
    target = f"{service.host}:{service.ports[METRICS_PORT]}"
    return {**job, "static_configs": [{"targets": [target], "labels": labels}]}
