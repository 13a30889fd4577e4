from dataclasses import dataclass

import pytest

from tapewatch.model.labels import Labels
from tapewatch.watch.errors import TemplateFault
from tapewatch.watch.templates.limits import Limits
from tapewatch.watch.templates.template import Template, TemplateSet
from tapewatch.watch.templates.values import TextMap


@dataclass(frozen=True)
class Order:
    symbol: str
    filled_quantity: float = 1.5

    def notional(self, price: float) -> float:
        return self.filled_quantity * price

    @property
    def external_url(self) -> str:
        return "http://desk"


def render(text, data=None, **options):
    return Template(text, **options).render(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a {{- 1 -}} b", "a1b"),
        ("a{{/* said to nobody */}}b", "ab"),
        ("a {{- /* trims */ -}} b", "ab"),
        ("{{ 1 }} {{ 0x1f }} {{ 1.5 }} {{ 'a' }} {{ true }}", "1 31 1.5 97 true"),
        ('{{ "a\\tb" }}{{ `c\\d` }}', "a\tbc\\d"),
        ("{{ if . }}y{{ else }}n{{ end }}", "n"),
        ("{{ if false }}a{{ else if true }}b{{ else }}c{{ end }}", "b"),
        ("{{ with 3 }}{{ . }}{{ end }}", "3"),
        ("{{ with 0 }}a{{ else with 2 }}{{ . }}{{ end }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "0234"),
        ("{{ range 5 }}{{ if gt . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "012"),
        (
            '{{ define "t" }}{{ . }};{{ end }}{{ template "t" 1 }}{{ template "t" }}',
            "1;<no value>;",
        ),
        ('{{ block "t" 4 }}[{{ . }}]{{ end }}', "[4]"),
        ("{{ 1 | printf `%d-%d` 2 }}", "2-1"),
        ("{{ (printf `%s` `x`) | len }}", "1"),
        ("{{ and 1 0 (index nil 1) }}", "0"),
        ("{{ or 0 2 (index nil 1) }}", "2"),
        ("{{ not 0 }}{{ eq 1 2 1 }}{{ ne 1 2 }}{{ lt 1.5 2.5 }}{{ le `a` `b` }}", "true" * 5),
        ("{{ print 1 2 `a` `b` 3 }}", "1 2ab3"),
        ("{{ html `<a&'\">` }}", "&lt;a&amp;&#39;&#34;&gt;"),
        ("{{ js `a'b<` }}", "a\\'b\\u003C"),
        ("{{ urlquery `a b&c` }}", "a+b%26c"),
        ("{{ slice `abcdef` 1 3 }}", "bc"),
    ],
)
def test_a_template_reads_as_in_go(text, expected):
    assert render(text) == expected


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        ("%v", "1000000.0", "1e+06"),
        ("%v", "123456789.0", "1.23456789e+08"),
        ("%v", "0.00001", "1e-05"),
        ("%5.1f|%-6d|%06d", "2.25 3 -4", "  2.2|3     |-00004"),
        ("%d", "1.5", "%!d(float64=1.5)"),
        ("%s", "", "%!s(MISSING)"),
        ("a", "1", "a%!(EXTRA int=1)"),
        ("%[2]d %[1]d", "1 2", "2 1"),
        ("%q %T %x %#X %c %U", '"a\\"b" 1.5 "hi" 255 65 65', '"a\\"b" float64 6869 0XFF A U+0041'),
        ("%*d|%.2s|%%", '5 1 "abc"', "    1|ab|%"),
        ("%e %g %t", "12345.678 1e21 true", "1.234568e+04 1e+21 true"),
    ],
)
def test_printf_writes_as_go_does(form, values, expected):
    assert render(f"{{{{ printf `{form}` {values} }}}}") == expected


def test_fields_are_read_from_mappings_labels_and_objects():
    data = {"order": Order("BTC"), "labels": Labels.of(venue="X"), "texts": TextMap(a="b")}
    text = "{{ .order.Symbol }} {{ .order.FilledQuantity }} {{ .order.Notional 2.0 }} "
    text += (
        "{{ .order.ExternalURL }} {{ .labels.venue }}{{ .labels.none }} {{ .texts.none }}{{ .no }}"
    )
    assert render(text, data) == "BTC 1.5 3 http://desk X <no value>"


def test_ranges_over_mappings_go_by_key():
    text = "{{ range $k, $v := . }}{{ $k }}={{ $v }};{{ else }}none{{ end }}"
    assert render(text, {"b": 1, "a": 2}) == "a=2;b=1;"
    assert render(text, Labels.of(x="y")) == "x=y;"
    assert render(text, {}) == "none"


def test_values_read_as_go_prints_them():
    data = {"list": [1, "a", None], "map": {"b": 1.0, "a": True}, "order": Order("BTC")}
    assert render("{{ .list }} {{ .map }} {{ .order }}", data) == (
        "[1 a <nil>] map[a:true b:1] {BTC 1.5}"
    )


@pytest.mark.parametrize("name", ["__class__", "Append", "Format", "Items", "X__class__", "Mro"])
@pytest.mark.parametrize("value", ["text", [1], Order("BTC"), print])
def test_nothing_of_pythons_own_can_be_reached(name, value):
    with pytest.raises(TemplateFault, match="can't evaluate field"):
        render(f"{{{{ .value.{name} }}}}", {"value": value})


@pytest.mark.parametrize("name", ["Items", "Clear", "Pop"])
def test_a_mapping_shows_its_keys_alone(name):
    assert render(f"{{{{ .{name} }}}}", {"a": 1}) == "<no value>"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a\n{{ nope 1 }}", 2, 4, 'function "nope" not defined'),
        ("{{ $x }}", 1, 4, 'undefined variable "$x"'),
        ("{{ if true }}", 1, 4, "has no {{end}}"),
        ("{{ end }}", 1, 4, "unexpected {{end}}"),
        ("{{ .X", 1, 6, "unclosed action"),
        ('{{ "a', 1, 4, "unterminated quoted text"),
        ("{{ }}", 1, 4, "missing value"),
        ("{{ nil | print }}", 1, 4, "nil is not a command"),
        ("{{ 1 | 2 }}", 1, 8, "non executable command"),
        ("{{ break }}", 1, 4, "outside {{range}}"),
        ("{{ 3 4 }}", 1, 4, "can't give argument to non-function"),
        ("{{/* a }}", 1, 1, "a comment must end"),
        ("{{ if 1 }}{{ define `x` }}{{ end }}{{ end }}", 1, 14, "unexpected {{define}}"),
        ('{{ "\\y" }}', 1, 4, "is not an escape"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(text, line, column, words):
    with pytest.raises(TemplateFault) as caught:
        Template(text, name="t")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ gt 1.5 1 }}", "incompatible types for comparison"),
        ("{{ len 3 }}", "len of type int"),
        ("{{ index . 5 }}", "index out of range"),
        ("{{ printf 3 }}", "expected string; got int"),
        ("{{ len }}", "wrong number of args for len: want 1 got 0"),
        ("{{ range 1.5 }}{{ end }}", "range can't iterate over float64"),
        ('{{ template "none" }}', 'template "none" not defined'),
        ("{{ (index . 0).Foo }}", "can't evaluate field Foo in type int"),
    ],
)
def test_data_that_does_not_fit_is_told_with_its_place(text, words):
    with pytest.raises(TemplateFault, match="template: template:1:") as caught:
        render(text, [1, 2])
    assert words in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000000000 }}aaaaaaaaaa{{ end }}",
        '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
        "{{ $x := `ab` }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
        "{{ printf `%999999999d` 1 }}",
        "{{ printf `%.999999999f` 1.5 }}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ if 1 }}" * 500 + "{{ end }}" * 500,
        "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
    ],
)
def test_a_hostile_template_ends(text):
    with pytest.raises(TemplateFault):
        render(text)


def test_limits_say_how_far_a_template_may_go():
    with pytest.raises(TemplateFault, match="more than 3 letters"):
        render("{{ 1 }}abcd", limits=Limits(output_max=3))
    with pytest.raises(TemplateFault, match="more than 5 steps"):
        render("{{ range 9 }}{{ end }}", limits=Limits(steps_max=5))


def test_given_variables_and_functions_are_those_of_the_rendering():
    template = Template(
        "{{ $value }} {{ ask }}", functions={"ask": lambda: 1}, variables=("value",)
    )
    assert template.render(variables={"value": 2}) == "2 1"
    assert template.render(variables={"value": 3}, functions={"ask": lambda: 4}) == "3 4"


def test_a_set_shares_definitions_and_the_last_one_holds():
    templates = TemplateSet()
    templates.add('{{ define "head" }}A{{ end }}', name="one.tmpl")
    templates.add('{{ define "head" }}B{{ template "tail" . }}{{ end }}', name="two.tmpl")
    templates.add('{{ define "tail" }}-{{ . }}{{ end }}', name="three.tmpl")
    assert templates.render('{{ template "head" 7 }}') == "B-7"
    assert "tail" in templates
    assert templates.render("no action") == "no action"


def test_a_function_that_fails_is_told_with_its_name():
    def fail():
        raise ValueError("the venue is closed")

    with pytest.raises(TemplateFault, match="error calling fail: the venue is closed"):
        render("{{ fail }}", functions={"fail": fail})
