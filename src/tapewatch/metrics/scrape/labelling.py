"""
From the labels that a target exposes to those under which its series are stored.

The target's own labels are joined, the job's rules for samples applied, and the job's limits on
labels checked. It is done once for a series, when it is first seen.
"""

from typing import Final

from tapewatch.metrics.scrape.errors import LimitExceeded, SeriesRefused
from tapewatch.metrics.scrape.relabel import Relabeler
from tapewatch.metrics.scrape.settings import Job, Limits, NameScheme
from tapewatch.model.labels import (
    METRIC_NAME,
    Labels,
    is_plain_label_name,
    is_plain_metric_name,
)
from tapewatch.model.samples import Metadata, MetricType

EXPORTED: Final = "exported_"


class Labelling:
    """The labels of one target's series."""

    def __init__(self, target: Labels, job: Job) -> None:
        self._target = target
        self._target_names = frozenset(target.names())
        self._honor = job.config.honor_labels
        self._relabeler = Relabeler(job.config.metric_relabel_configs)
        self._limits = job.limits
        self._limited = any((job.limits.labels, job.limits.label_name_length))
        self._limited |= bool(job.limits.label_value_length)
        self._legacy = job.names is NameScheme.LEGACY
        self._type_and_unit = job.type_and_unit_labels

    def stored(self, exposed: Labels, told: Metadata | None = None) -> Labels | None:
        """
        Return the labels to store under; None where a rule drops the series.

        Raises ``ScrapeFailed`` for labels that must fail the whole scrape.
        """
        if self._type_and_unit and told is not None:
            exposed = with_type_and_unit(exposed, told)
        labels = self._joined(exposed)
        if self._relabeler:
            changed = dict(labels)
            if not self._relabeler.apply(changed):
                return None
            labels = Labels.of(changed)
        self._check(labels)
        return labels

    def report(self, name: str) -> Labels:
        """Return the labels of one of our own series about the target."""
        return self._target.replace({METRIC_NAME: name})

    def _joined(self, exposed: Labels) -> Labels:
        if self._target_names.isdisjoint([name for name, _ in exposed]):
            # Both are ordered and interned already; a merge is all there is to do.
            return Labels(sorted(exposed + self._target))
        if self._honor:
            return Labels.of({**dict(self._target), **dict(exposed)})
        return Labels.of(self._with_exported(dict(exposed)))

    def _with_exported(self, exposed: dict[str, str]) -> dict[str, str]:
        target = dict(self._target)
        joined = {**exposed, **target}
        for name in sorted(self._target_names & exposed.keys(), key=len):
            moved = EXPORTED + name
            while joined.get(moved):
                moved = EXPORTED + moved
            joined[moved] = exposed[name]
        return joined

    def _check(self, labels: Labels) -> None:
        name = labels.name
        if not name:
            raise SeriesRefused(f"the series {labels} has no metric name after relabelling")
        if self._legacy and not _is_legacy(labels):
            raise SeriesRefused(
                f"{labels} is not named as the legacy scheme wants: "
                "set metric_name_validation_scheme to utf8, or relabel it"
            )
        if self._limited:
            check_limits(labels, self._limits)


def with_type_and_unit(exposed: Labels, told: Metadata) -> Labels:
    """Add what is told of the metric as labels."""
    kind = "" if told.type is MetricType.UNKNOWN else str(told.type)
    return exposed.replace(__type__=kind, __unit__=told.unit)


def check_limits(labels: Labels, limits: Limits) -> None:
    """Raise ``LimitExceeded`` where a series has too many labels, or too long ones."""
    where = f"metric {labels.name[:50]!r}"
    if limits.labels and len(labels) > limits.labels:
        raise LimitExceeded("label_limit", limits.labels, len(labels), where)
    for name, value in labels:
        size = len(name.encode())
        if limits.label_name_length and size > limits.label_name_length:
            place = f"label {name[:50]!r} of {where}"
            raise LimitExceeded("label_name_length_limit", limits.label_name_length, size, place)
        size = len(value.encode(errors="surrogateescape"))
        if limits.label_value_length and size > limits.label_value_length:
            place = f"label {name!r} of {where}"
            raise LimitExceeded("label_value_length_limit", limits.label_value_length, size, place)


def _is_legacy(labels: Labels) -> bool:
    return is_plain_metric_name(labels.name) and all(map(is_plain_label_name, labels.names()))
