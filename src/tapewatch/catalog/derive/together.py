"""
Several packs on one server: each keeps its own words, channels and routes.

Everything of each carries the label ``platform``: its alerts, what its rules record and what its
services tell. Its rules read what is its own or nobody's, so that no pack pages for a service of
another one, and its routes stand below one that asks for the label, so that two platforms may both
have a channel that is called chat.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.routing import NOWHERE, routing
from tapewatch.catalog.derive.rules import OBJECTIVE, rule_file
from tapewatch.catalog.derive.scraping import scrape_jobs
from tapewatch.metrics.promql.nodes import Expr, VectorSelector, rewrite
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.labels import quote
from tapewatch.model.matchers import Matcher, MatchKind

PLATFORM_LABEL = "platform"
Plain = dict[str, Any]


def rule_files(catalogs: Sequence[Catalog]) -> dict[str, Plain]:
    """Return the rule file of every pack by its name."""
    files = {catalog.platform.name: rule_file(catalog) for catalog in catalogs}
    for group in (each for content in files.values() for each in content["groups"]):
        if group["name"].startswith(OBJECTIVE):
            # They look back over minutes and hours, and would take the time of what pages at once.
            group["on_arrival"] = False
    if len(files) > 1:
        for name, content in files.items():
            for group in content["groups"]:
                group["labels"] = {PLATFORM_LABEL: name}
                group["rules"] = [
                    {**rule, "expr": own_or_nobodys(rule["expr"], name)} for rule in group["rules"]
                ]
    return files


def own_or_nobodys(expr: str, platform: str) -> str:
    """Let an expression read the series of a platform, and those that are of none."""
    own = Matcher(MatchKind.REGEX, PLATFORM_LABEL, f"{platform}|")

    def narrowed(node: Expr) -> Expr:
        if isinstance(node, VectorSelector):
            return replace(node, matchers=(*node.matchers, own))
        return node

    return print_query(rewrite(parse(expr), narrowed))


def scrape_together(catalogs: Sequence[Catalog]) -> list[Plain]:
    """Return the scrape jobs of all packs; what two of them ask alike is asked once."""
    jobs: dict[str, Plain] = {}
    asking: dict[str, list[str]] = {}
    for catalog in catalogs:
        native = any(metric.buckets.native for metric in catalog.metrics.values())
        classic = any(metric.buckets.bounds for metric in catalog.metrics.values())
        for job in scrape_jobs(catalog):
            if native:
                # What is declared with native buckets is asked for with them, or has no quantiles.
                job["scrape_native_histograms"] = True
                if classic:
                    # And what is declared with bounds is asked for by them.
                    job["always_scrape_classic_histograms"] = True
            name = job["job_name"]
            if name in jobs and jobs[name] != job:
                # Jobs need names of their own; the label stays what expressions ask for.
                job["job_name"] = f"{catalog.platform.name}/{name}"
                for targets in job["static_configs"]:
                    targets["labels"]["job"] = name
            jobs[job["job_name"]] = job
            asking.setdefault(job["job_name"], []).append(catalog.platform.name)
    if len(catalogs) > 1:
        for name, platforms in asking.items():
            # What two packs ask alike is nobody's, and both read it.
            if len(platforms) == 1:
                _mark(jobs[name], platforms[0])
    return list(jobs.values())


def marked(catalog: Catalog) -> Catalog:
    """Return a pack whose targets carry the label that they have beside other packs."""
    platform = catalog.platform
    own = {**platform.target_labels, PLATFORM_LABEL: platform.name}
    return replace(catalog, platform=replace(platform, target_labels=own))


def _mark(job: Plain, platform: str) -> None:
    for targets in job["static_configs"]:
        targets["labels"][PLATFORM_LABEL] = platform


def routing_together(catalogs: Sequence[Catalog], *, secrets: str) -> Plain:
    """Return one routing configuration for all packs."""
    if len(catalogs) == 1:
        return routing(catalogs[0], secrets=secrets)
    whole: Plain = {
        "route": {"receiver": NOWHERE, "routes": []},
        "receivers": [{"name": NOWHERE}],
        "inhibit_rules": [],
        "time_intervals": [],
    }
    for catalog in catalogs:
        _add(whole, routing(catalog, secrets=secrets), catalog.platform.name)
    return whole


def _add(whole: Plain, one: Plain, platform: str) -> None:
    matcher = f"{PLATFORM_LABEL}={quote(platform)}"
    root = _renamed(one["route"], platform)
    whole["route"]["routes"].append({**root, "matchers": [matcher]})
    for receiver in one["receivers"][1:]:
        renamed = {**receiver, "name": f"{platform}/{receiver['name']}"}
        if "action_configs" in receiver:
            pulled = [{"action": f"{platform}/{e['action']}"} for e in receiver["action_configs"]]
            renamed["action_configs"] = pulled
        whole["receivers"].append(renamed)
    for rule in one.get("inhibit_rules", ()):
        sides = ("source_matchers", "target_matchers")
        whole["inhibit_rules"].append({**rule, **{side: [matcher, *rule[side]] for side in sides}})
    for interval in one.get("time_intervals", ()):
        whole["time_intervals"].append({**interval, "name": f"{platform}/{interval['name']}"})


def _renamed(route: Plain, platform: str) -> Plain:
    changed = dict(route)
    if route.get("receiver", NOWHERE) != NOWHERE:
        changed["receiver"] = f"{platform}/{route['receiver']}"
    if "mute_time_intervals" in route:
        changed["mute_time_intervals"] = [
            f"{platform}/{name}" for name in route["mute_time_intervals"]
        ]
    if "routes" in route:
        changed["routes"] = [_renamed(each, platform) for each in route["routes"]]
    return changed
