"""
From tree to text.

``print_query`` writes the one-line form that parses back to the same tree (matchers sorted);
``pretty`` breaks what is longer than a line; ``to_json`` is the tree as the HTTP API shows it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Binary,
    Border,
    Call,
    Cardinality,
    DurationExpression,
    DurationNode,
    DurationOperator,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Operator,
    Parenthesis,
    StepInvariant,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from tapewatch.metrics.promql.numerals import fixed
from tapewatch.metrics.promql.signatures import SIGNATURES
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import METRIC_NAME, quote, quote_name
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.model.numbers import format_float_go

LINE_LENGTH_MAX: Final = 100
_INDENT: Final = "  "
_GROUPED: Final = {Cardinality.MANY_TO_ONE: "group_left", Cardinality.ONE_TO_MANY: "group_right"}

Json = dict[str, Any]


def print_query(node: Expr) -> str:
    """Write ``node`` on one line, as Prometheus does."""
    return _PRINTERS[type(node)](node)


def _number(node: NumberLiteral) -> str:
    if node.duration:
        return format_duration_ms(round(node.value * 1000))
    return fixed(node.value)


def _string(node: StringLiteral) -> str:
    return quote(node.value)


def _parenthesis(node: Parenthesis) -> str:
    return f"({print_query(node.expr)})"


def _step_invariant(node: StepInvariant) -> str:
    return print_query(node.expr)


def _unary(node: Unary) -> str:
    return f"{node.operator}{print_query(node.expr)}"


def _call(node: Call) -> str:
    return f"{node.function}({', '.join(map(print_query, node.args))})"


def _aggregate(node: Aggregate) -> str:
    operands = (node.expr,) if node.param is None else (node.param, node.expr)
    return f"{_aggregation(node)}({', '.join(map(print_query, operands))})"


def _aggregation(node: Aggregate) -> str:
    if not node.grouping and not node.without:
        return str(node.operator)
    word = "without" if node.without else "by"
    return f"{node.operator} {word} ({_label_list(node.grouping)}) "


def _label_list(labels: Iterable[str]) -> str:
    return ", ".join(map(quote_name, labels))


def _binary(node: Binary) -> str:
    left = print_query(node.left)
    if node.operator is Operator.POWER:
        # A sign would swallow the power: +Inf ^ x is +(Inf ^ x).
        left = left.removeprefix("+")
    return f"{left} {_operation(node)} {print_query(node.right)}"


def _operation(node: Binary) -> str:
    words = [str(node.operator)]
    if node.return_bool:
        words.append("bool")
    if node.matching is not None:
        words.extend(_matching(node.matching))
    return " ".join(words)


def _matching(matching: VectorMatching) -> list[str]:
    words = []
    group = _GROUPED.get(matching.cardinality)
    if matching.labels or matching.on or group:
        words.append(f"{'on' if matching.on else 'ignoring'} ({_label_list(matching.labels)})")
    if group:
        words.append(f"{group} ({_label_list(matching.include)})")
    return words + _fills(matching.fill_left, matching.fill_right)


def _fills(left: float | None, right: float | None) -> list[str]:
    if left is not None and repr(left) == repr(right):
        return [f"fill ({format_float_go(left)})"]
    sides = (("fill_left", left), ("fill_right", right))
    return [f"{word} ({format_float_go(value)})" for word, value in sides if value is not None]


def _selector(node: VectorSelector) -> str:
    extension = _extension(node)
    return f"{_bare_selector(node)}{_at(node.at)}{extension}{_offset(node)}"


def _bare_selector(node: VectorSelector) -> str:
    matchers = sorted(str(one) for one in node.matchers if not _is_name(node, one))
    return node.name + ("{" + ",".join(matchers) + "}" if matchers else "")


def _is_name(node: VectorSelector, matcher: Matcher) -> bool:
    """Whether the matcher is what the name in front of the braces says already."""
    says_name = matcher.name == METRIC_NAME and matcher.kind is MatchKind.EQUAL
    return says_name and bool(node.name) and matcher.value == node.name


def _extension(node: VectorSelector) -> str:
    if node.anchored:
        return " anchored"
    return " smoothed" if node.smoothed else ""


def _matrix(node: MatrixSelector) -> str:
    selector = node.selector
    window = f"[{_duration(node.range_ms, node.range_expression)}]"
    after = f"{_extension(selector)}{_at(selector.at)}{_offset(selector)}"
    return f"{_bare_selector(selector)}{window}{after}"


def _subquery(node: Subquery) -> str:
    return print_query(node.expr) + _window(node)


def _window(node: Subquery) -> str:
    window = _duration(node.range_ms, node.range_expression)
    step = ""
    if node.step_ms or node.step_expression is not None:
        step = _duration(node.step_ms, node.step_expression)
    return f"[{window}:{step}]{_at(node.at)}{_offset(node)}"


def _at(at: int | Border | None) -> str:
    if at is None:
        return ""
    if isinstance(at, Border):
        return f" @ {at}()"
    # Written from whole milliseconds: a float would lose the last one far from the epoch.
    sign = "-" if at < 0 else ""
    return f" @ {sign}{abs(at) // 1000}.{abs(at) % 1000:03d}"


def _offset(node: VectorSelector | Subquery) -> str:
    if not node.offset_ms and node.offset_expression is None:
        return ""
    return f" offset {_duration(node.offset_ms, node.offset_expression)}"


def _duration(duration_ms: int, expression: DurationExpression | None) -> str:
    return format_duration_ms(duration_ms) if expression is None else print_duration(expression)


def print_duration(node: DurationNode) -> str:
    """Write a duration expression."""
    if isinstance(node, NumberLiteral):
        return _number(node)
    text = _bare_duration(node)
    return f"({text})" if node.parenthesised else text


def _bare_duration(node: DurationExpression) -> str:
    operator = node.operator
    if node.right is None:
        return f"{operator}()"
    right = print_duration(node.right)
    if node.left is None:
        return f"-{right}" if operator is DurationOperator.SUBTRACT else right
    left = print_duration(node.left)
    if operator in (DurationOperator.MIN_OF, DurationOperator.MAX_OF):
        return f"{operator}({left}, {right})"
    return f"{left} {operator} {right}"


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    NumberLiteral: _number,
    StringLiteral: _string,
    Parenthesis: _parenthesis,
    StepInvariant: _step_invariant,
    Unary: _unary,
    Call: _call,
    Aggregate: _aggregate,
    Binary: _binary,
    VectorSelector: _selector,
    MatrixSelector: _matrix,
    Subquery: _subquery,
}


def pretty(node: Expr, level: int = 0) -> str:
    """Write ``node`` on as many lines as it needs to stay within a hundred columns."""
    line = print_query(node)
    indent = _INDENT * level
    if isinstance(node, Unary):
        return f"{indent}{node.operator}{pretty(node.expr, level).strip()}"
    # A window sticks to what it looks through, so it adds no indent of its own.
    if isinstance(node, Subquery):
        long = len(line) > LINE_LENGTH_MAX
        return pretty(node.expr, level) + _window(node) if long else line
    if len(line.encode(errors="replace")) <= LINE_LENGTH_MAX:
        return indent + line
    return _broken(node, level) or indent + line


def _broken(node: Expr, level: int) -> str:
    indent = _INDENT * level
    match node:
        case Aggregate(expr=expr, param=None):
            return _enclosed(indent + _aggregation(node), (expr,), level)
        case Aggregate(expr=expr, param=param) if param is not None:
            return _enclosed(indent + _aggregation(node), (param, expr), level)
        case Call(args=args) if args:
            return _enclosed(indent + node.function, args, level)
        case Parenthesis(expr=expr):
            return _enclosed(indent, (expr,), level)
        case Binary(left=left, right=right):
            above, below = pretty(left, level + 1), pretty(right, level + 1)
            return f"{above}\n{indent}{_operation(node)}\n{below}"
        case StepInvariant(expr=expr):
            return pretty(expr, level)
    return ""


def _enclosed(head: str, operands: tuple[Expr, ...], level: int) -> str:
    inner = ",\n".join(pretty(one, level + 1) for one in operands)
    return f"{head}(\n{inner}\n{_INDENT * level})"


def to_json(node: Expr) -> Json:
    """Write ``node`` as ``/api/v1/parse_query`` answers it."""
    return _TRANSLATORS[type(node)](node)


def _number_json(node: NumberLiteral) -> Json:
    return {"type": "numberLiteral", "val": fixed(node.value)}


def _string_json(node: StringLiteral) -> Json:
    return {"type": "stringLiteral", "val": node.value}


def _parenthesis_json(node: Parenthesis) -> Json:
    return {"type": "parenExpr", "expr": to_json(node.expr)}


def _unary_json(node: Unary) -> Json:
    return {"type": "unaryExpr", "op": str(node.operator), "expr": to_json(node.expr)}


def _call_json(node: Call) -> Json:
    signature = SIGNATURES[node.function]
    function = {
        "name": signature.name,
        "argTypes": [str(kind) for kind in signature.takes],
        "variadic": signature.variadic,
        "returnType": str(signature.returns),
    }
    return {"type": "call", "func": function, "args": [to_json(one) for one in node.args]}


def _aggregate_json(node: Aggregate) -> Json:
    return {
        "type": "aggregation",
        "op": str(node.operator),
        "expr": to_json(node.expr),
        "param": None if node.param is None else to_json(node.param),
        "grouping": list(node.grouping),
        "without": node.without,
    }


def _binary_json(node: Binary) -> Json:
    return {
        "type": "binaryExpr",
        "op": str(node.operator),
        "lhs": to_json(node.left),
        "rhs": to_json(node.right),
        "matching": None if node.matching is None else _matching_json(node.matching),
        "bool": node.return_bool,
    }


def _matching_json(matching: VectorMatching) -> Json:
    return {
        "card": str(matching.cardinality),
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }


def _selector_json(node: VectorSelector) -> Json:
    return {
        "type": "vectorSelector",
        "name": node.name,
        "offset": node.offset_ms,
        "matchers": [_matcher_json(one) for one in node.matchers],
        **_at_json(node.at),
        "anchored": node.anchored,
        "smoothed": node.smoothed,
    }


def _matcher_json(matcher: Matcher) -> Json:
    return {"name": matcher.name, "value": matcher.value, "type": str(matcher.kind)}


def _at_json(at: int | Border | None) -> Json:
    border = isinstance(at, Border)
    return {"timestamp": None if border else at, "startOrEnd": str(at) if border else None}


def _matrix_json(node: MatrixSelector) -> Json:
    selector = _selector_json(node.selector)
    return {**selector, "type": "matrixSelector", "range": node.range_ms}


def _subquery_json(node: Subquery) -> Json:
    return {
        "type": "subquery",
        "expr": to_json(node.expr),
        "range": node.range_ms,
        "offset": node.offset_ms,
        "step": node.step_ms,
        **_at_json(node.at),
    }


_TRANSLATORS: Final[dict[type, Callable[[Any], Json]]] = {
    NumberLiteral: _number_json,
    StringLiteral: _string_json,
    Parenthesis: _parenthesis_json,
    StepInvariant: lambda node: to_json(node.expr),
    Unary: _unary_json,
    Call: _call_json,
    Aggregate: _aggregate_json,
    Binary: _binary_json,
    VectorSelector: _selector_json,
    MatrixSelector: _matrix_json,
    Subquery: _subquery_json,
}
