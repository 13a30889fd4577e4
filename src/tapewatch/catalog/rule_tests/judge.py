"""Whether what came out is what a test expects; every complaint is empty where all is well."""

import math
import struct
from collections.abc import Mapping, Sequence

from tapewatch.catalog.rule_tests.format import AlertCase, ExpectedSample, ExpressionCase
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.judge import same_histogram
from tapewatch.metrics.promql.parse import parse_metric
from tapewatch.metrics.promql.result import ScalarResult, VectorResult, VectorSample
from tapewatch.metrics.promql.series import describe_value, parse_series_description
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.watch.alert import ALERT_NAME
from tapewatch.watch.rules.states import Active

Wanted = tuple[Labels, Labels | None]


def judge_alerts(
    case: AlertCase,
    given: Sequence[Active],
    *,
    word: str,
    own: Mapping[str, str] | None = None,
) -> str:
    """
    Compare alerts with what is expected.

    ``own`` are the labels that a pack's alert gets from its settings; with them (a pack) what is
    not said of annotations is not compared, without (a plain file) nothing may be left out.
    """
    wanted = sorted(
        (_wanted(case, each.exp_labels, each.exp_annotations, own) for each in case.exp_alerts),
        key=lambda pair: (pair[0], pair[1] or EMPTY),
    )
    found = sorted(((each.labels, each.annotations) for each in given), key=lambda pair: pair)
    if len(wanted) == len(found) and all(map(_same, wanted, found)):
        return ""
    at = format_duration_ms(case.eval_time)
    return (
        f"{case.alertname} at {at}: expected {_shown(wanted)} to be {word}, but got {_shown(found)}"
    )


def _wanted(
    case: AlertCase,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None,
    own: Mapping[str, str] | None,
) -> Wanted:
    full = Labels.of({**(own or {}), **labels, ALERT_NAME: case.alertname})
    if annotations is None:
        return full, None if own is not None else EMPTY
    return full, Labels.of(annotations)


def _same(wanted: Wanted, found: tuple[Labels, Labels]) -> bool:
    return wanted[0] == found[0] and wanted[1] in (None, found[1])


def _shown(alerts: Sequence[Wanted]) -> str:
    if not alerts:
        return "no alert"
    told = (f"{labels}{f' saying {notes}' if notes else ''}" for labels, notes in alerts)
    return "; ".join(told)


def judge_expression(
    case: ExpressionCase, given: VectorResult | ScalarResult, *, fuzzy: bool
) -> str:
    """Compare an answer with the samples that are expected."""
    at = f"{case.expr!r} at {format_duration_ms(case.eval_time)}"
    try:
        wanted = sorted(map(_sample, case.exp_samples), key=lambda sample: sample.labels)
    except QueryError as fault:
        return f"{at}: {fault}"
    found = sorted(_samples(given), key=lambda sample: sample.labels)
    pairs = list(zip(wanted, found, strict=False))
    same = all(
        one.labels == other.labels and _same_value(one.value, other.value, fuzzy=fuzzy)
        for one, other in pairs
    )
    if same and len(wanted) == len(found):
        return ""
    return f"{at}: expected {_listed(wanted)}, but got {_listed(found)}"


def _sample(expected: ExpectedSample) -> VectorSample:
    labels = parse_metric(expected.labels) if expected.labels else EMPTY
    if not expected.histogram:
        return VectorSample(labels, 0, expected.value)
    described = parse_series_description(f"{{}} {expected.histogram}")
    value = described.values[0].value
    assert value is not None
    return VectorSample(labels, 0, value)


def _samples(given: VectorResult | ScalarResult) -> Sequence[VectorSample]:
    if isinstance(given, ScalarResult):
        return [VectorSample(EMPTY, given.timestamp_ms, given.value)]
    return given.samples


def _same_value(one: float | Histogram, other: float | Histogram, *, fuzzy: bool) -> bool:
    if isinstance(one, Histogram) or isinstance(other, Histogram):
        both = isinstance(one, Histogram) and isinstance(other, Histogram)
        return both and same_histogram(one, other)  # type: ignore[arg-type]  # both are histograms here
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or (fuzzy and _almost(one, other))


def _almost(one: float, other: float) -> bool:
    """Say whether two floats differ in the last bit of the mantissa at most."""
    first, second = (int.from_bytes(struct.pack("<d", value), "little") for value in (one, other))
    return abs(first - second) <= 1


def _listed(samples: Sequence[VectorSample]) -> str:
    told = (f"{sample.labels} {describe_value(sample.value)}" for sample in samples)
    return "; ".join(told) or "nothing"
