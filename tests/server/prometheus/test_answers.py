"""The common part of endpoints by itself: errors, compression, origins, JSON."""

import json

import numpy as np
import pytest
from starlette.requests import Request

from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.promql.engine import Answer
from tapewatch.metrics.promql.errors import (
    QueryCanceled,
    QueryFailed,
    QueryRefused,
    QueryTimedOut,
    QueryTooLarge,
)
from tapewatch.metrics.promql.matrix import Matrix, Steps
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.metrics.selection import LabelSets
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.server.faces.prometheus.answers import best_coding, cross_origin, refusal_of
from tapewatch.server.faces.prometheus.encode import encode_answer, label_text
from tapewatch.wire.errors import BadMessage, TooLarge, UnsupportedContent


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (QueryRefused("no"), 400, "bad_data"),
        (QueryFailed("no"), 422, "execution"),
        (QueryTooLarge(6, 5), 422, "execution"),
        (QueryTimedOut(), 503, "timeout"),
        (QueryCanceled(), 499, "canceled"),
        (ReadOnly("the disk is full"), 503, "unavailable"),
        (TooLarge(5), 413, "too_large"),
        (UnsupportedContent("Content-Type", "x", "send y"), 415, "bad_data"),
        (BadMessage("Request", "no"), 400, "bad_data"),
        (TapewatchError("no"), 500, "internal"),
    ],
)
def test_every_fault_has_prometheus_status_and_type(fault, status, kind):
    refusal = refusal_of(fault)
    assert (refusal.status, refusal.kind) == (status, kind)
    assert str(fault) in refusal.message


def test_a_full_disk_asks_to_come_again():
    assert refusal_of(ReadOnly("the disk is full")).headers == {"retry-after": "5"}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0", ""),
        ("zstd; q=0.0, deflate", "deflate"),
        ("br, identity", ""),
    ],
)
def test_the_best_compression_that_is_taken_is_chosen(accepted, coding):
    assert best_coding(accepted) == coding


@pytest.mark.parametrize(
    ("allowed", "origin", "answer"),
    [
        (".*", "https://desk", "*"),
        ("https://(desk|risk)", "https://risk", "https://risk"),
        ("https://desk", "https://evil", None),
        ("", "https://desk", None),
        (".*", None, None),
    ],
)
def test_only_allowed_sites_may_read(allowed, origin, answer):
    headers = [] if origin is None else [(b"origin", origin.encode())]
    request = Request({"type": "http", "headers": headers})
    assert cross_origin(request, allowed).get("access-control-allow-origin") == answer


def test_bytes_that_are_no_text_are_shown_as_json_can():
    labels = Labels.of(__name__="x", venue=b"cm\xff".decode(errors="surrogateescape"))
    assert json.loads(label_text(labels))["venue"] == "cm\N{REPLACEMENT CHARACTER}"


def test_absent_points_are_left_out_and_rows_stay_in_order():
    matrix = Matrix(
        LabelSets([Labels.of(a="1"), Labels.of(a="2")]),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[True, False], [True, True]]),
    )
    answer = Answer(ValueType.VECTOR, Steps(1_000, 500, 2), matrix, instant=False)
    told = json.loads(encode_answer(answer))
    assert told["data"]["result"] == [
        {"metric": {"a": "1"}, "values": [[1, "1"]]},
        {"metric": {"a": "2"}, "values": [[1, "3"], [1.5, "4"]]},
    ]


def test_an_answer_without_series_is_an_empty_list():
    nothing = Matrix(LabelSets(()), np.empty((0, 1)))
    for instant, kind in ((True, "vector"), (False, "matrix")):
        answer = Answer(ValueType.VECTOR, Steps(0, 0, 1), nothing, instant=instant)
        assert json.loads(encode_answer(answer))["data"] == {"resultType": kind, "result": []}
