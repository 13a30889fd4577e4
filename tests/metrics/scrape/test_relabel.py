import hashlib

import pytest

from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.metrics.scrape.relabel import Relabeler, RelabelRule, legacy_label_name
from tapewatch.model.labels import Labels


def rule(text):
    return read_text("{" + text + "}", RelabelRule)


def applied(labels, *rules):
    """Return what the rules make of labels, or None where they are dropped."""
    changed = dict(labels)
    return changed if Relabeler([rule(each) for each in rules]).apply(changed) else None


ORDER = {"__name__": "orders_total", "venue": "binance", "symbol": "BTCUSDT"}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("source_labels: [venue], target_label: exchange", {"exchange": "binance"}),
        ("source_labels: [venue, symbol], target_label: k", {"k": "binance;BTCUSDT"}),
        ("source_labels: [venue, symbol], separator: '', target_label: k", {"k": "binanceBTCUSDT"}),
        (
            "source_labels: [symbol], regex: '(...)(.*)', replacement: '$2-${1}', target_label: p",
            {"p": "USDT-BTC"},
        ),
        (
            "source_labels: [symbol], regex: '(?P<b>B).*', replacement: 'x${b}$$', target_label: p",
            {"p": "xB$"},
        ),
        ("source_labels: [symbol], regex: ETH.*, target_label: p", {}),
        ("target_label: desk, replacement: delta1", {"desk": "delta1"}),
        ("target_label: venue, replacement: ''", {"venue": None}),
        ("source_labels: [absent], target_label: venue", {"venue": None}),
        (
            "source_labels: [venue], regex: '(.*)', target_label: 'is_$1', replacement: yes",
            {"is_binance": "yes"},
        ),
        (
            "source_labels: [symbol], regex: '.*(X)?', replacement: 'a${1}b', target_label: p",
            {"p": "ab"},
        ),
        ("source_labels: [symbol], replacement: '$7$', target_label: p", {"p": "$"}),
        ("action: lowercase, source_labels: [symbol], target_label: symbol", {"symbol": "btcusdt"}),
        ("action: UPPERCASE, source_labels: [venue], target_label: venue", {"venue": "BINANCE"}),
        ("action: labelmap, regex: 've(.*)', replacement: 'x_$1'", {"x_nue": "binance"}),
        ("action: labeldrop, regex: 's.*'", {"symbol": None}),
        ("action: labelkeep, regex: '__name__|venue'", {"symbol": None}),
    ],
)
def test_a_rule_rewrites_labels(text, changes):
    expected = {k: v for k, v in {**ORDER, **changes}.items() if v is not None}
    assert applied(ORDER, text) == expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("action: keep, source_labels: [venue], regex: bin.*", True),
        ("action: keep, source_labels: [venue], regex: bin", False),
        ("action: drop, source_labels: [venue], regex: binance|okx", False),
        ("action: drop, source_labels: [venue], regex: okx", True),
        ("action: keepequal, source_labels: [venue], target_label: symbol", False),
        ("action: keepequal, source_labels: [venue], target_label: venue", True),
        ("action: dropequal, source_labels: [venue], target_label: venue", False),
        ("action: dropequal, source_labels: [absent], target_label: missing", False),
    ],
)
def test_a_rule_keeps_or_drops(text, kept):
    assert (applied(ORDER, text) is not None) is kept


def test_hashmod_shards_as_every_prometheus_does():
    digest = hashlib.md5(b"binance;BTCUSDT").digest()
    shard = str(int.from_bytes(digest[8:], "big") % 16)
    text = "action: hashmod, source_labels: [venue, symbol], target_label: shard, modulus: 16"
    assert applied(ORDER, text)["shard"] == shard


def test_rules_see_what_the_ones_before_them_made():
    first = "source_labels: [venue], target_label: exchange"
    second = "action: keep, source_labels: [exchange], regex: binance"
    assert applied(ORDER, first, second) == {**ORDER, "exchange": "binance"}


def test_a_target_label_that_is_empty_after_expansion_sets_nothing():
    text = "source_labels: [symbol], regex: '.*(X)?', target_label: '${1}', replacement: v"
    assert applied(ORDER, text) == ORDER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source_labels: [a]", "target_label: is missing; replace needs it"),
        ("action: hashmod, target_label: t", "modulus: is missing"),
        (
            "action: labeldrop, target_label: t, regex: x",
            "target_label: has no meaning for labeldrop",
        ),
        ("action: keepequal, target_label: t, regex: x", "regex: has no meaning for keepequal"),
        ("action: kepp", "did you mean keep"),
        ("regex: '(', target_label: t", "missing"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(text, words):
    with pytest.raises(DocumentError, match=words):
        rule(text)


def test_steps_show_which_rule_dropped_the_target():
    rules = [
        rule("target_label: desk, replacement: d1"),
        rule("action: drop, source_labels: [venue], regex: binance"),
        rule("target_label: never, replacement: reached"),
    ]
    steps = Relabeler(rules).steps(ORDER)
    assert [step.kept for step in steps] == [True, False]
    assert steps[0].labels == Labels.of({**ORDER, "desk": "d1"})


def test_names_from_elsewhere_become_plain_label_names():
    assert legacy_label_name("app.kubernetes.io/näme") == "app_kubernetes_io_n_me"
