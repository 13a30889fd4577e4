"""What the agent says of the processes themselves: whether they run, and when they last said so."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from tapewatch.agent.process import UNREADABLE, Process
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Family, Metadata, MetricType, Sample
from tapewatch.sdk.region.reader import Standing

UP: Final = "region_up"
HEARTBEAT: Final = "region_heartbeat_timestamp_seconds"
STATE: Final = "region_state"
STATES: Final = (*(standing.value for standing in Standing), UNREADABLE)

METADATA: Final = {
    UP: Metadata(MetricType.GAUGE, "Whether the process runs and keeps the beat it promised."),
    HEARTBEAT: Metadata(
        MetricType.GAUGE, "When a process that promised to said last that it runs."
    ),
    STATE: Metadata(MetricType.STATESET, "How the process is, seen from outside."),
}


def vital_samples(process: Process) -> list[tuple[Labels, float]]:
    """What there is to say of one process; the heartbeat only of one that promised to have one."""
    values = [float(process.up)]
    beats = process.beats
    if beats:
        values.append(process.heartbeat_ns() / 1e9)
    values += [float(process.state == state) for state in STATES]
    return list(zip(_labels(process.service, process.instance, beats), values, strict=True))


@lru_cache(maxsize=16_384)
def _labels(service: str, instance: str, beats: bool) -> tuple[Labels, ...]:
    names = [{METRIC_NAME: UP}, *([{METRIC_NAME: HEARTBEAT}] if beats else [])]
    states = [{STATE: state, METRIC_NAME: STATE} for state in STATES]
    identity = {"service": service, "instance": instance}
    return tuple(Labels.of({**identity, **each}) for each in (*names, *states))


def vital_families(processes: Sequence[Process]) -> Iterator[Family]:
    """Yield the series about all processes, metric by metric."""
    told = [each for process in processes for each in vital_samples(process)]
    for name, metadata in METADATA.items():
        samples = tuple(Sample(labels, value) for labels, value in told if labels.name == name)
        yield Family(name, metadata.type, metadata.help, samples)
