"""Scripts are read as Prometheus reads them; what cannot be read names its line."""

import pytest

from tapewatch.metrics.promql.commands import (
    Clear,
    EvalInstant,
    EvalRange,
    Load,
    TimedValue,
    Wanted,
    Window,
    Words,
    parse_script,
)
from tapewatch.metrics.promql.errors import ScriptError
from tapewatch.model.labels import Labels


def only(text):
    (command,) = parse_script(text)
    return command


def test_a_script_is_a_list_of_commands():
    commands = parse_script(
        """
        load 15s
          x 1 2

        eval instant at 1m x
          x 2

        eval range from 0 to 1m step 30s x + 1
          {} 2 3

        clear
        """
    )
    assert [type(one) for one in commands] == [Load, EvalInstant, EvalRange, Clear]
    assert [one.line for one in commands] == [2, 5, 8, 11]


def test_an_empty_line_or_a_comment_ends_a_block():
    commands = parse_script("load 1s\n x 1\n # done\nclear\n\neval instant at 0 x\n\n\nclear")
    assert [type(one) for one in commands] == [Load, Clear, EvalInstant, Clear]


def test_a_load_gives_every_value_its_time():
    load = only("load 15s\n x{a='b'} 1 _ 3\n y 5\n y 6")
    assert [series.labels.name for series in load.series] == ["x", "y"]
    assert load.series[0].values == (TimedValue(0, 1.0), TimedValue(30_000, 3.0))
    assert load.series[1].values == (TimedValue(0, 6.0),), "the last of two counts"


def test_start_times_stand_on_a_line_of_their_own():
    load = only("load 1m\n x@st _ -30s-1mx1 0\n x 1 2 3 4")
    starts = [value.start_ms for value in load.series[0].values]
    assert starts == [None, 30_000, 30_000, 180_000]


def test_start_times_without_a_metric_hold_for_all_that_follow():
    load = only("load 1m\n @st -1s _\n x 1 2 3")
    assert [value.start_ms for value in load.series[0].values] == [-1_000, None, 119_000]


def test_native_twins_are_asked_for():
    assert only("load_with_nhcb 5m\n x 1").with_native
    assert not only("load 5m\n x 1").with_native


def test_an_instant_query_has_a_time_and_an_expectation():
    command = only("eval instant at 1h30m  sum by (a) (x)\n {a='1'} 5\n {a='2'} _")
    assert (command.query, command.at_ms) == ("sum by (a) (x)", 5_400_000)
    assert [one.labels for one in command.expectation.series] == [
        Labels.of(a="1"),
        Labels.of(a="2"),
    ]


def test_a_range_query_has_a_window():
    command = only("eval range from 10s to 1m step 500ms x\n x 1 2")
    assert isinstance(command, EvalRange)
    assert command.window == Window(10_000, 60_000, 500)


@pytest.mark.parametrize(
    ("line", "scalar"), [("5", 5.0), ("-0x10", -16.0), ("+Inf", float("inf")), ("1e3", 1000.0)]
)
def test_a_number_alone_is_a_scalar(line, scalar):
    assert only(f"eval instant at 0 1\n {line}").expectation.scalar == scalar


def test_a_string_is_written_with_its_quotes():
    assert only('eval instant at 0 "x"\n expect string "a\\n"').expectation.string == "a\n"
    assert only("eval instant at 0 'x'\n expect string `a\\n`").expectation.string == "a\\n"


def test_expect_lines_say_what_is_said():
    command = only(
        "eval instant at 0 x\n expect ordered\n expect warn msg: all of it \n"
        " expect warn regex:part.*\n expect no_info\n x 1"
    )
    assert command.expectation.ordered
    assert command.expectation.words[Wanted.WARN] == (
        Words(text="all of it"),
        Words(pattern="part.*"),
    )
    assert Wanted.NO_INFO in command.expectation.words
    assert command.expectation.failure is None


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("eval instant at 0 x\n expect fail", Words()),
        ("eval_fail instant at 0 x", Words()),
        ("eval_fail instant at 0 x\n expected_fail_message so it is", Words(text="so it is")),
        ("eval_fail instant at 0 x\n expected_fail_regexp so.*", Words(pattern="so.*")),
    ],
)
def test_a_failure_may_be_expected(block, words):
    assert only(block).expectation.failure == words


def test_words_match_wholly_or_by_a_pattern():
    assert Words(text="a b").match("a b")
    assert not Words(text="a").match("a b")
    assert Words(pattern="^a").match("a b")
    assert not Words(pattern="^b").match("a b")
    assert Words().match("anything")


def test_an_instant_query_may_answer_a_range():
    command = only(
        "eval instant at 5m x[1m]\n expect range vector from 10s to 1m step 10s\n x 1 2 3"
    )
    assert command.expectation.window == Window(10_000, 60_000, 10_000)
    assert command.at_ms == 60_000, "such a query is asked where its window ends"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\ndance", "line 3: invalid command 'dance'"),
        ("load", "line 1: invalid load command"),
        ("load soon\n x 1", "line 1: invalid step: 'soon' is not a duration"),
        ("load 1s\n x 1\n y 1 2 a b", 'line 3: 1:7: parse error: unexpected "a"'),
        ("load 1s\n x@st 0\n y 1", "line 2: @st metric does not match"),
        ("load 1s\n x@st 0 0\n x 1", "line 2: @st line has 2 values but sample line has 1"),
        ("load 1s\n x@st 0", "line 2: @st line has no following sample line"),
        ("load 1s\n x@st soon\n x 1", "line 2: invalid @st item 'soon'"),
        ("eval now x", "line 1: invalid evaluation command"),
        ("eval instant at then x", "line 1: invalid time: 'then' is not a duration"),
        ("eval range from 1m to 0 step 1s x", "line 1: the end 0 is before the start 1m"),
        ("eval instant at 0 x\n x 1 2", "line 2: expecting multiple values"),
        ("eval instant at 0 x\n expect sun", "line 2: invalid expect line 'expect sun'"),
        ("eval instant at 0 x\n expect fail regex: (", "line 2: error parsing regexp"),
        ("eval instant at 0 x\n expect fail\n expect fail", "line 3: multiple expect fail"),
        ("eval instant at 0 x\n expect warn\n expect no_warn", "line 3: warn and no_warn"),
        ("eval instant at 0 x\n expect string a", "line 2: invalid string 'a'"),
    ],
)
def test_what_cannot_be_read_names_its_line(text, message):
    with pytest.raises(ScriptError) as caught:
        parse_script(text)
    assert str(caught.value).startswith(message)


def test_the_conformance_scripts_are_read_whole(conformance):
    count = 0
    for path in sorted((conformance / "promql").glob("*.test")):
        text = path.read_text(encoding="utf-8")
        commands = parse_script(text)
        evaluations = [one for one in commands if isinstance(one, EvalInstant | EvalRange)]
        assert len(evaluations) == sum(
            line.strip().startswith("eval") for line in text.splitlines()
        ), path.name
        count += len(evaluations)
    assert count > 1500
