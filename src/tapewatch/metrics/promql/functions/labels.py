"""Functions that change labels and leave values alone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.functions.vectors import (
    Arguments,
    Site,
    VectorFunction,
    text_argument,
    vector_argument,
)
from tapewatch.metrics.promql.matrix import Matrix
from tapewatch.metrics.promql.operators.names import merge_same
from tapewatch.metrics.selection import LabelSets
from tapewatch.model.errors import BadRegex
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.regex import Match, Regex, regex

_REFERENCE: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def _label_replace(site: Site, arguments: Arguments) -> Matrix:  # noqa: ARG001 # one signature
    target, template, source, pattern = (text_argument(arguments, index) for index in range(1, 5))
    try:
        compiled = regex(pattern)
    except BadRegex:
        message = f"invalid regular expression in label_replace(): {pattern}"
        raise QueryFailed(message) from None
    if not is_label_name(target):
        raise QueryFailed(f"invalid destination label name in label_replace(): {target}")

    def change(labels: Labels) -> Labels | None:
        match = compiled.fullmatch(labels.get(source))
        if match is None:
            return None
        return labels.replace({target: expand(template, match, compiled)})

    key = ("label_replace", target, template, source, pattern)
    return _relabeled(vector_argument(arguments, 0), key, target, change)


def _label_join(site: Site, arguments: Arguments) -> Matrix:  # noqa: ARG001 # one signature
    target, separator, *sources = (
        text_argument(arguments, index) for index in range(1, len(arguments))
    )
    for source in sources:
        if not is_label_name(source):
            raise QueryFailed(f"invalid source label name in label_join(): {source}")
    if not is_label_name(target):
        raise QueryFailed(f"invalid destination label name in label_join(): {target}")

    def change(labels: Labels) -> Labels:
        joined = separator.join(labels.get(source) for source in sources)
        return labels.replace({target: joined})

    key = ("label_join", target, separator, *sources)
    return _relabeled(vector_argument(arguments, 0), key, target, change)


def _relabeled(
    matrix: Matrix,
    key: tuple[str, ...],
    target: str,
    change: Callable[[Labels], Labels | None],
) -> Matrix:
    def build() -> tuple[LabelSets, tuple[bool, ...]]:
        changed = [change(labels) for labels in matrix.labels]
        own = zip(matrix.labels, changed, strict=True)
        return (
            LabelSets(before if after is None else after for before, after in own),
            tuple(after is not None for after in changed),
        )

    labels, touched = matrix.labels.derive(key, build)
    drops = matrix.drop_names
    if drops is not None and target == METRIC_NAME:
        # A name that was just given is there to stay.
        drops = drops & ~np.array(touched, dtype=np.bool_)
    return merge_same(replace(matrix, labels=labels, drop_names=drops))


def is_label_name(name: str) -> bool:
    """Say whether a text may name a label: anything but nothing, as long as it is UTF-8."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)


def expand(template: str, match: Match, pattern: Regex) -> str:
    """Put the groups of a match into ``$1``, ``${1}`` and ``$name``; unknown ones are empty."""
    names = pattern.group_names

    def group(reference: "re.Match[str]") -> str:
        if reference.group(1):
            return "$"
        name = reference.group(2) or reference.group(3)
        number = int(name) if name.isdecimal() else names.get(name)
        if number is None or number > len(match.groups()):
            return ""
        return match.group(number) or ""

    return _REFERENCE.sub(group, template)


LABEL_FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    "label_join": _label_join,
    "label_replace": _label_replace,
}
