"""
What a kill -9 costs at 200,000 samples/s: the time until queries are answered, and what is missing.

While the servers scrape, each is also sent a few samples at a time by remote write, until the very
moment of the kill. Whatever it answered with success has to be there afterwards.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cramjam

from bench import servers
from bench.harness import Outcome, Row, Scale, version_of
from bench.remote_write import HEADERS
from bench.scrape import scrapers
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server
from bench.targets import Exposition, Targets, serving
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Sample
from tapewatch.wire.remote_write.encode import encode_1

QUESTION = "After kill -9 at 200,000 samples/s, how long until ready, and what is missing?"
MUST_SECONDS = 1.0
WRITTEN = "bench_acknowledged"
WRITTEN_SERIES = 100
GRACE_SECONDS = 1.0
"""A scrape that was served this shortly before the kill may still have been read."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    targets: int
    series: int
    seconds: float
    starts: int


FULL = Size(targets=4, series=50_000, seconds=300, starts=3)
TINY = Size(targets=2, series=200, seconds=1.5, starts=1)


@dataclass
class Story:
    """What happened to one server."""

    server: Server
    acknowledged: int = 0
    """Requests of a sample of each of the written series."""
    killed_at_seconds: float = 0.0
    starts: list[float] = field(default_factory=list)
    scraped_missing: int = 0
    acknowledged_missing: int = 0


def run(scale: Scale) -> Outcome:
    """Run all servers for a while, kill them, start them again, and count."""
    size = FULL if scale is Scale.FULL else TINY
    with tempfile.TemporaryDirectory() as folder, serving(size.targets, size.series) as targets:
        stories = [Story(server) for server in scrapers(Path(folder), targets, scale)]
        with servers.running(*(story.server for story in stories)):
            keep_writing(stories, size)
            for story in stories:
                kill(story)
            for story in stories:
                start_again(story, size)
                count_missing(story, targets, size)
    return Outcome(rows(stories), notes(stories, size), peer="Prometheus")


def keep_writing(stories: Sequence[Story], size: Size) -> None:
    """Send each server samples all the time."""
    labels = [Labels.of(__name__=WRITTEN, number=str(i)) for i in range(WRITTEN_SERIES)]
    end = time.time() + size.seconds
    while (now := time.time()) < end:
        samples = [Sample(each, float(i), int(now * 1000)) for i, each in enumerate(labels)]
        body = bytes(cramjam.snappy.compress_raw(encode_1(samples)))
        for story in stories:
            story.server.ask("/api/v1/write", body, headers=HEADERS)
            story.acknowledged += 1
        time.sleep(0.05)


def kill(story: Story) -> None:
    """Kill a server, and take its targets away so that it finds nothing new afterwards."""
    story.server.kill()
    story.killed_at_seconds = time.time()
    config = story.server.folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n", encoding="utf-8")


def start_again(story: Story, size: Size) -> None:
    """Start a server several times, killed every time."""
    for turn in range(size.starts):
        if turn:
            story.server.kill()
        began = time.perf_counter()
        story.server.start()
        story.starts.append(time.perf_counter() - began)


def count_missing(story: Story, targets: Targets, size: Size) -> None:
    """Compare what was served and acknowledged with what is there."""
    server, until = story.server, story.killed_at_seconds
    window = f"[{int(size.seconds) + 120}s]"
    served = [each for each in targets.served(server.name) if each.at_seconds < until]
    old = sum(each.at_seconds < until - GRACE_SECONDS for each in served)
    names = sorted(set(Exposition(size.series).names))
    at = until + 1
    found = [server.number(f'sum(count_over_time({n}{{job="bench"}}{window}))', at) for n in names]
    story.scraped_missing = max(0, old * (targets.series - 1) - int(sum(found)))
    assert sum(found) <= (len(served) + len(targets.ports)) * targets.series, "more than served"
    kept = server.number(f"sum(count_over_time({WRITTEN}{window}))", at)
    story.acknowledged_missing = story.acknowledged * WRITTEN_SERIES - int(kept)


def rows(stories: Sequence[Story]) -> list[Row]:
    """Write the figures beside the peers'."""
    return [
        row("time to ready", "s", MUST_SECONDS, {s.server.name: s.starts for s in stories}),
        row(
            "scraped samples missing", "", 0, {s.server.name: [s.scraped_missing] for s in stories}
        ),
        row(
            "acknowledged samples missing",
            "",
            0,
            {s.server.name: [s.acknowledged_missing] for s in stories},
        ),
    ]


def row(name: str, unit: str, must: float, told: dict[str, Sequence[float]]) -> Row:
    """Write one figure of every server."""
    medians = {each: float(statistics.median(values)) for each, values in told.items()}
    mine = told[OURS]
    return Row(
        name,
        medians[OURS],
        unit,
        medians.get(PROMETHEUS),
        must,
        spread=(min(mine), max(mine)) if len(mine) > 1 else None,
        others={"VictoriaMetrics": medians[VICTORIA]} if VICTORIA in medians else {},
        compared=unit == "s",
    )


def notes(stories: Sequence[Story], size: Size) -> list[str]:
    """Say what went before."""
    told = [f"killed after {size.seconds:g} s; {stories[0].acknowledged:,} requests acknowledged"]
    return told + [version_of(s.server.name) for s in stories if s.server.name == PROMETHEUS]
