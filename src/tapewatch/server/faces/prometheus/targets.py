"""``/targets…`` and ``/scrape_pools…``: what is scraped, and how that goes."""

import json
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from tapewatch.document.printing import to_plain, to_yaml
from tapewatch.metrics.scrape.manager import ActiveTarget, TargetMetadata
from tapewatch.metrics.scrape.relabel import RelabelRule, RelabelStep
from tapewatch.model.durations import format_duration_ms, format_time_ms
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server

NEVER: Final = "0001-01-01T00:00:00Z"
LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/targets", targets)
    yield endpoint(server, f"{PREFIX}/targets/metadata", target_metadata)
    yield endpoint(server, f"{PREFIX}/targets/relabel_steps", relabel_steps)
    yield endpoint(server, f"{PREFIX}/scrape_pools", pools)
    yield endpoint(server, f"{PREFIX}/scrape_pools/config", pool_config)


async def targets(call: Call) -> Data:
    """List the targets."""
    state, pool = call.parameters.get("state").lower(), call.parameters.get("scrapePool")
    scraping = call.metrics.scraping
    active = scraping.active(pool) if state in ("", "any", "active") else []
    dropped = scraping.dropped(pool) if state in ("", "any", "dropped") else []
    counts = scraping.dropped_counts()
    return Data(
        {
            "activeTargets": [_active(each) for each in active],
            "droppedTargets": [
                {"discoveredLabels": dict(each.discovered), "scrapePool": each.pool}
                for each in dropped
            ],
            "droppedTargetCounts": {
                name: count for name, count in counts.items() if not pool or name == pool
            },
        }
    )


async def target_metadata(call: Call) -> Data:
    """Say what each target says of its metrics."""
    metric = call.parameters.get("metric")
    chosen = call.parameters.selectors("match_target")
    limit = call.parameters.count("limit", -1)
    found = call.metrics.scraping.metadata(chosen[0] if chosen else (), metric=metric, limit=limit)
    return Data([_metadata(each, named=not metric) for each in found])


async def relabel_steps(call: Call) -> Data:
    """Show what each rule of a job does to some labels."""
    pool, given = call.parameters.needed("scrapePool"), call.parameters.needed("labels")
    try:
        labels = json.loads(given)
        named = {str(name): str(value) for name, value in labels.items()}
    except (ValueError, AttributeError):
        reason = "labels must be a JSON object of names and values"
        raise Refusal(400, "bad_data", f"error parsing labels: {reason}") from None
    steps = call.metrics.scraping.relabel_steps(pool, named)
    if steps is None:
        raise _no_pool(pool)
    return Data({"steps": [_step(each) for each in steps]})


async def pools(call: Call) -> Data:
    """Name the jobs."""
    return Data({"scrapePools": call.metrics.scraping.pools()})


async def pool_config(call: Call) -> Data:
    """Show the configuration of one job."""
    pool = call.parameters.needed("scrapePool")
    job = call.metrics.scraping.job(pool)
    if job is None:
        raise _no_pool(pool)
    return Data({"yaml": to_yaml(job.config)})


def _no_pool(pool: str) -> Refusal:
    return Refusal(404, "not_found", f'scrape pool "{pool}" not found')


def _active(each: ActiveTarget) -> dict[str, Any]:
    target, state = each.target, each.state
    return {
        "discoveredLabels": dict(target.discovered),
        "labels": dict(target.labels),
        "scrapePool": each.pool,
        "scrapeUrl": target.url,
        "globalUrl": global_url(target.url),
        "lastError": state.last_error,
        "lastScrape": format_time_ms(state.last_scrape_ms) if state.last_scrape_ms else NEVER,
        "lastScrapeDuration": state.last_duration_seconds,
        "health": state.health,
        "scrapeInterval": format_duration_ms(target.interval_ms),
        "scrapeTimeout": format_duration_ms(target.timeout_ms),
    }


def global_url(url: str) -> str:
    """Return a URL under which other machines may reach a target of this one."""
    parts = urlsplit(url)
    if parts.hostname not in LOCAL_HOSTS:
        return url
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{socket.gethostname()}{port}").geturl()


def _metadata(each: TargetMetadata, *, named: bool) -> dict[str, Any]:
    told = each.metadata
    head = {"target": dict(each.target), **({"metric": each.metric} if named else {})}
    return {**head, "type": told.type, "help": told.help, "unit": told.unit}


def _step(each: RelabelStep) -> dict[str, Any]:
    written = to_plain(each.rule, RelabelRule)
    rule = {key: value for key, value in written.items() if value not in ("", 0, [])}
    return {"rule": rule, "output": dict(each.labels), "keep": each.kept}
