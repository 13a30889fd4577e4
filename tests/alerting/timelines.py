"""
Timelines: what is pushed when, and what must arrive when; for any server that speaks API v2.

A timeline has a route of its own below one root, told apart by the label ``timeline``, so that many
run at the same time in one server. Times are seconds from the begin; an alert is named by its
``alertname``.
"""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

TOLERANCE = 0.45
"""How much later than it should something may arrive, on a busy machine."""


@dataclass
class Push:
    """Alerts that are posted: names with ``starts`` and ``ends`` where they are said."""

    at: float
    names: tuple
    starts: float | None = None
    ends: float | None = None
    labels: dict = field(default_factory=dict)


@dataclass
class Quiet:
    """A silence of one alert, from when it is posted."""

    at: float
    name: str
    ends: float


@dataclass
class Want:
    """What arrives at a hook between two times: firing and resolved names."""

    low: float
    high: float
    firing: tuple = ()
    resolved: tuple = ()
    hook: str = "hook"
    starts: float | None = None


@dataclass
class Timeline:
    """Steps and wants, and what its route and its hooks say beside the defaults."""

    name: str
    steps: list
    wants: list
    route: dict = field(default_factory=dict)
    hooks: dict = field(default_factory=lambda: {"hook": {}})
    inhibit: list = field(default_factory=list)
    fail_first: dict = field(default_factory=dict)
    """How often a hook answers with a status before it takes anything."""


class Hooks:
    """A server of webhooks that notes what arrives when."""

    def __init__(self):
        self.seen = []
        self.failing = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(hooks):  # noqa: N805  # the inner class has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                now = time.time()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                statuses = hooks.failing.get(self.path, [])
                status = statuses.pop(0) if statuses else 200
                if status == 200:
                    hooks.seen.append((now, self.path, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def config_of(timelines, hooks_url):
    """Write one alertmanager.yml for all timelines."""
    routes, receivers, rules = [], [{"name": "nobody"}], []
    for line in timelines:
        matchers = [f'timeline="{line.name}"']
        common = {"group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h"}
        names = [f"{line.name}-{hook}" for hook in line.hooks]
        for place, name in enumerate(names):
            routes.append(
                {
                    "matchers": matchers,
                    "receiver": name,
                    "continue": place < len(names) - 1,
                    "group_by": ["timeline"],
                    **common,
                    **line.route,
                }
            )
        for hook, extra in line.hooks.items():
            url = f"{hooks_url}/{line.name}/{hook}"
            entry = {"url": url, "send_resolved": True, **extra}
            receivers.append({"name": f"{line.name}-{hook}", "webhook_configs": [entry]})
        for source, target in line.inhibit:
            both = [f'timeline="{line.name}"']
            rules.append(
                {
                    "source_matchers": [*both, f"alertname={source}"],
                    "target_matchers": [*both, f"alertname={target}"],
                    "equal": ["timeline"],
                }
            )
    root = {"receiver": "nobody", "routes": routes}
    return yaml.safe_dump({"route": root, "receivers": receivers, "inhibit_rules": rules})


def post(url, value):
    request = urllib.request.Request(
        url, json.dumps(value).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def run(timelines, url, hooks, seconds):
    """Play every step at its time; returns the time of the begin."""
    for line in timelines:
        for hook, statuses in line.fail_first.items():
            hooks.failing[f"/{line.name}/{hook}"] = list(statuses)
    steps = sorted(((s.at, line, s) for line in timelines for s in line.steps), key=lambda e: e[0])
    begin = time.time() + 0.1
    for at, line, step in steps:
        time.sleep(max(begin + at - time.time(), 0))
        if isinstance(step, Push):
            post(f"{url}/api/v2/alerts", [alert_of(line, step, name, begin) for name in step.names])
        else:
            post(f"{url}/api/v2/silences", silence_of(line, step, begin))
    time.sleep(max(begin + seconds - time.time(), 0))
    return begin


def alert_of(line, step, name, begin):
    labels = {"alertname": name, "timeline": line.name, **step.labels}
    alert = {"labels": labels}
    if step.starts is not None:
        alert["startsAt"] = moment(begin + step.starts)
    if step.ends is not None:
        alert["endsAt"] = moment(begin + step.ends)
    return alert


def silence_of(line, step, begin):
    matchers = {"timeline": line.name, "alertname": step.name}
    return {
        "matchers": [{"name": n, "value": v, "isRegex": False} for n, v in matchers.items()],
        "startsAt": moment(begin + step.at),
        "endsAt": moment(begin + step.ends),
        "createdBy": "timeline",
        "comment": "as the timeline says",
    }


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def faults(line, hooks, begin):
    """Compare what arrived with what was wanted; yields what is wrong, in words."""
    for hook in line.hooks:
        arrived = [
            (at - begin, body) for at, path, body in hooks.seen if path == f"/{line.name}/{hook}"
        ]
        wanted = [want for want in line.wants if want.hook == hook]
        told = [(round(at, 2), *names_of(body)) for at, body in arrived]
        if len(arrived) != len(wanted):
            yield f"{line.name}/{hook}: {len(wanted)} wanted, {len(arrived)} arrived: {told}"
            continue
        for want, (at, body) in zip(wanted, arrived, strict=True):
            firing, resolved = names_of(body)
            if (firing, resolved) != (sorted(want.firing), sorted(want.resolved)):
                yield f"{line.name}/{hook}: {want} but {told}"
            if not want.low - 0.05 <= at <= want.high + TOLERANCE:
                yield f"{line.name}/{hook}: {want} but at {at:.2f}"
            if want.starts is not None:
                starts = datetime.fromisoformat(body["alerts"][0]["startsAt"]).timestamp() - begin
                if abs(starts - want.starts) > 0.01:
                    yield f"{line.name}/{hook}: {want} but it starts at {starts:.2f}"


def names_of(body):
    """Give the names of the firing and of the resolved alerts of a message."""
    names = {"firing": [], "resolved": []}
    for alert in body["alerts"]:
        names[alert["status"]].append(alert["labels"]["alertname"])
    return sorted(names["firing"]), sorted(names["resolved"])
