"""Types: what does not fit is told before a query runs, in Prometheus' words."""

import pytest

from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.parse import parse

UNARY = "1:1 unary expression only allowed on expressions of type scalar or instant vector, got"
FAULTS = {
    "1 and 1": ['1:1 set operator "and" not allowed in binary scalar expression'],
    "foo unless 1": ['1:1 set operator "unless" not allowed in binary scalar expression'],
    "1 == 1": ["1:3 comparisons between scalars must use BOOL modifier"],
    "foo + bool bar": ["1:5 bool modifier can only be used on comparison operators"],
    "foo == on(bar) 10": ["1:1 vector matching only allowed between instant vectors"],
    "1 or on(bar) foo": [
        "1:1 vector matching only allowed between instant vectors",
        '1:1 set operator "or" not allowed in binary scalar expression',
    ],
    "foo or on(bar) group_left(baz) bar": [
        '1:1 no grouping allowed for "or" operation',
        "1:1 set operations must always be many-to-many",
    ],
    "a + on(x) group_left(y, x) b": ['1:3 label "x" must not occur in ON and GROUP clause at once'],
    "a + fill(1) 2": ["1:1 filling in missing series only allowed between instant vectors"],
    "a and fill(1) b": ["1:1 filling in missing series not allowed for set operators"],
    "a + 'b'": ["1:5 binary expression must contain only scalar and instant vector types"],
    "a[1m] + b": ["1:1 binary expression must contain only scalar and instant vector types"],
    "-'text'": [f'{UNARY} "string"'],
    "-a[5m]": [f'{UNARY} "range vector"'],
    "a[5m][10m:5s]": ["1:1 subquery is only allowed on instant vector, got matrix instead"],
    "{}": ["1:1 vector selector must contain at least one non-empty matcher"],
    "{x=~'.*'}": ["1:1 vector selector must contain at least one non-empty matcher"],
    "{x!='a'}": ["1:1 vector selector must contain at least one non-empty matcher"],
    "a{__name__='b'}": ['1:1 metric name must not be set twice: "a" or "b"'],
    "topk(a, b)": ["1:6 expected type scalar in aggregation parameter, got instant vector"],
    "count_values(5, b)": ["1:14 expected type string in aggregation parameter, got scalar"],
    "sum(a[1m])": ["1:5 expected type instant vector in aggregation expression, got range vector"],
    "sum()": ["1:1 no arguments for aggregate expression provided"],
    "topk(a)": [
        "1:1 wrong number of arguments for aggregate expression provided, expected 2, got 1"
    ],
    "floor()": ['1:1 expected 1 argument(s) in call to "floor", got 0'],
    "floor(a, 1)": ['1:1 expected 1 argument(s) in call to "floor", got 2'],
    "floor(1)": ['1:7 expected type instant vector in call to function "floor", got scalar'],
    "hour(a, b)": ['1:1 expected at most 1 argument(s) in call to "hour", got 2'],
    "label_join(a)": ['1:1 expected at least 3 argument(s) in call to "label_join", got 1'],
    "rate(avg)": ['1:6 expected type range vector in call to function "rate", got instant vector'],
    "info(a, b{c='d'})": ["1:9 expected label selectors only, got vector selector instead"],
    "info(a, {b='c'} == 1)": ["1:9 expected label selectors only"],
}


@pytest.mark.parametrize(("text", "faults"), FAULTS.items())
def test_what_does_not_fit_is_told(text, faults):
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, EVERYTHING)
    error = caught.value
    found = [error.describe(fault).replace(": parse error:", "") for fault in error.faults]
    assert found == faults


@pytest.mark.parametrize(
    "text",
    [
        "info(a, {})",
        "{x!=''}",
        "{__name__=~'a', __name__!~'b'}",
        "label_join(a, 'b', 'c')",
        "label_join(a, 'b', 'c', 'd', 'e', 'f')",
        "histogram_quantiles(a, 'q', 0.1, 0.5, 0.9)",
        "round(a, 0.1)",
        "hour()",
    ],
)
def test_what_fits_is_taken(text):
    parse(text, EVERYTHING)
