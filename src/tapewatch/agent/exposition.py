"""
Readings as families, for ``/metrics``.

One metric of several processes is one family, as readers want it. Where two processes mean
different things by one name, or claim the same series, the first one counts and the other is left
out, because a reader would refuse everything.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tapewatch.agent.frame import Reading
from tapewatch.agent.plan import ExemplarHome, PlannedFamily
from tapewatch.agent.process import Process
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Family, Metadata, MetricType, Sample
from tapewatch.wire.exposition.form import FormKind

_WITH_EXEMPLARS = frozenset({MetricType.HISTOGRAM})


@dataclass(slots=True)
class _Gathered:
    """One metric while it is gathered from the processes."""

    told: Metadata
    samples: dict[Labels, Sample] = field(default_factory=dict)


def families(
    readings: Sequence[tuple[Process, Reading]], form: FormKind
) -> tuple[list[Family], int]:
    """Gather what the processes count; also says how many series were left out."""
    gathered: dict[str, _Gathered] = {}
    left_out = 0
    for process, reading in readings:
        exemplars = _exemplars(process) if form is not FormKind.TEXT else {}
        for planned in reading.plan.families:
            of_name = gathered.setdefault(planned.name, _Gathered(planned.told))
            if of_name.told.type is not planned.told.type:
                left_out += len(planned.columns) + len(planned.classic)
                continue
            for sample in _samples(planned, reading, form, exemplars):
                if of_name.samples.setdefault(sample.labels, sample) is not sample:
                    left_out += 1
    made = [
        Family(name, each.told.type, each.told.help, tuple(each.samples.values()), each.told.unit)
        for name, each in gathered.items()
    ]
    return made, left_out


def _exemplars(process: Process) -> dict[int, list[Exemplar]]:
    found: dict[int, list[Exemplar]] = {}
    for column, exemplar in process.exemplars():
        found.setdefault(column, []).append(exemplar)
    return found


def _samples(
    family: PlannedFamily,
    reading: Reading,
    form: FormKind,
    exemplars: Mapping[int, list[Exemplar]],
) -> Iterator[Sample]:
    plan, native = reading.plan, form is FormKind.PROTOBUF
    # Text shows a native histogram by its declared bounds; protobuf shows both.
    if native or not family.classic:
        for column in family.columns:
            histogram = reading.histograms.get(column)
            value = float(reading.values[column]) if histogram is None else histogram
            if histogram is None and family.told.type is MetricType.HISTOGRAM:
                continue
            told = tuple(exemplars.get(column, ()))
            yield Sample(plan.labels[column], value, None, plan.starts_ms[column], told)
    placed = _placed(family, reading, exemplars) if exemplars and not native else exemplars
    for column in family.classic:
        value = float(reading.values[column])
        if not math.isnan(value):
            # A bucket has one exemplar: of several the newest stays.
            latest = sorted(placed.get(column, ()), key=_time_ms)[-1:]
            yield Sample(plan.labels[column], value, None, plan.starts_ms[column], tuple(latest))


def _placed(
    family: PlannedFamily, reading: Reading, exemplars: Mapping[int, list[Exemplar]]
) -> Mapping[int, list[Exemplar]]:
    """Put the exemplars of native histograms to the declared buckets that count them."""
    placed = dict(exemplars)
    for planned in reading.plan.histograms:
        if planned.column in family.columns and planned.classic >= 0:
            home = ExemplarHome(planned.classic, planned.family.cuts)
            for exemplar in exemplars.get(planned.column, ()):
                placed.setdefault(home.column_of(exemplar.value), []).append(exemplar)
    return placed


def _time_ms(exemplar: Exemplar) -> int:
    return exemplar.timestamp_ms or 0
