"""What the agent says of the processes themselves: whether they run, and when they last said so."""

from collections.abc import Iterator, Sequence
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
        MetricType.GAUGE, "When the process last said that it runs; 0 where it never did."
    ),
    STATE: Metadata(MetricType.STATESET, "How the process is, seen from outside."),
}


def vital_labels(process: Process) -> list[Labels]:
    """The series about one process: up, heartbeat, then every state."""
    identity = process.identity
    states = [{STATE: state, METRIC_NAME: STATE} for state in STATES]
    told: Sequence[dict[str, str]] = ({METRIC_NAME: UP}, {METRIC_NAME: HEARTBEAT}, *states)
    return [Labels.of({**identity, **each}) for each in told]


def vital_values(process: Process) -> list[float]:
    """The values of these series at present."""
    states = [float(process.state == state) for state in STATES]
    return [float(process.up), process.heartbeat_ns() / 1e9, *states]


def vital_families(processes: Sequence[Process]) -> Iterator[Family]:
    """Yield the series about all processes, metric by metric."""
    told = [
        (labels, value)
        for process in processes
        for labels, value in zip(vital_labels(process), vital_values(process), strict=True)
    ]
    for name, metadata in METADATA.items():
        samples = tuple(Sample(labels, value) for labels, value in told if labels.name == name)
        yield Family(name, metadata.type, metadata.help, samples)
