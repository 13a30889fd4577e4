import pytest

from tapewatch.watch.errors import TemplateFault
from tapewatch.watch.templates.prometheus import FUNCTIONS, QuerySample, rule_functions
from tapewatch.watch.templates.template import Template
from tapewatch.watch.templates.values import TextMap

SAMPLES = [
    QuerySample(TextMap(__name__="m", venue="Y"), 2.0),
    QuerySample(TextMap(__name__="m", venue="X"), 1.0),
]


def render(text):
    own = rule_functions(lambda text: SAMPLES if text == "m" else [], 5 * 10**8, "http://h:9/p")
    return Template(text, functions=FUNCTIONS).render(functions=own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("humanize 0.0", "0"),
        ("humanize 1234567.0", "1.235M"),
        ("humanize 0.000123", "123u"),
        ("humanize `12`", "12"),
        ("humanize1024 1048576", "1Mi"),
        ("humanizeDuration 0", "0s"),
        ("humanizeDuration 59.4567", "59.46s"),
        ("humanizeDuration 12345.6", "3h 25m 45s"),
        ("humanizeDuration 90061", "1d 1h 1m 1s"),
        ("humanizeDuration -0.00123", "-1.23ms"),
        ("humanizePercentage 0.12345", "12.35%"),
        ("humanizeTimestamp 1600000000.5", "2020-09-13 12:26:40.5 +0000 UTC"),
        ("toTime 1600000000.25", "2020-09-13 12:26:40.25 +0000 UTC"),
        (
            "(toTime 1600000000).Format `Mon Jan _2 15:04:05 2006 Z07:00`",
            "Sun Sep 13 12:26:40 2020 Z",
        ),
        ("toDuration 3661.5", "1h1m1.5s"),
        ("parseDuration `1h30m`", "5400"),
        ("now", "0.5"),
        ("externalURL", "http://h:9/p"),
        ("pathPrefix", "/p"),
        ("title `hello wORLD foo-bar`", "Hello WORLD Foo-Bar"),
        ("toUpper `aB`", "AB"),
        ("match `^b.+` `abc`", "false"),
        ("match `b.` `abc`", "true"),
        ("reReplaceAll `(a)(b)` `$2-${1}` `xaby`", "xb-ay"),
        ("stripPort `host:80`", "host"),
        ("stripPort `[::1]:80`", "::1"),
        ("stripPort `host`", "host"),
        ("stripDomain `host.example.com:80`", "host:80"),
        ("stripDomain `10.0.0.1:80`", "10.0.0.1:80"),
        ("graphLink `up == 1`", "/graph?g0.expr=up+%3D%3D+1&g0.tab=0"),
        ("tableLink `x`", "/graph?g0.expr=x&g0.tab=1"),
        ("query `m` | first | value", "2"),
        ("query `m` | sortByLabel `venue` | first | label `venue`", "X"),
        ("query `m` | first", "{map[__name__:m venue:Y] 2}"),
        ("args 1 `a`", "map[arg0:1 arg1:a]"),
        ("urlQueryEscape `a b/`", "a+b%2F"),
    ],
)
def test_a_function_answers_as_prometheus_does(text, expected):
    assert render(f"{{{{ {text} }}}}") == expected


def test_an_empty_answer_has_no_first_sample():
    with pytest.raises(TemplateFault, match="vector with no elements"):
        render("{{ query `nope` | first }}")


def test_what_only_an_evaluation_knows_is_refused_without_one():
    with pytest.raises(TemplateFault, match="nothing answers the query 'm' here"):
        Template("{{ query `m` }}", functions=FUNCTIONS).render()
