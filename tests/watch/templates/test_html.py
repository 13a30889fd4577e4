import pytest

from tapewatch.watch.errors import TemplateFault
from tapewatch.watch.templates.template import Template
from tapewatch.watch.templates.values import Html, Url

HOSTILE = "\"><script>alert('x')</script> `=& javascript:"


def render(text, value):
    return Template(text, html=True).render(value)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("<b>{{ . }}</b>", "a<b>&'", "<b>a&lt;b&gt;&amp;&#39;</b>"),
        ("<b>{{ . }}</b>", Html("<i>"), "<b><i></b>"),
        ('<a title="{{ . }}">', 'x" onclick="y', '<a title="x&#34; onclick=&#34;y">'),
        ("<a title={{ . }}>", "a b>c", "<a title=a&#32;b&gt;c>"),
        ('<a href="{{ . }}">', "javascript:alert(1)", '<a href="#ZgotmplZ">'),
        ('<a href="{{ . }}">', Url("tel:1"), '<a href="tel:1">'),
        ('<a href="{{ . }}">', "https://x/?a=b c&d", '<a href="https://x/?a=b%20c&amp;d">'),
        ('<a href="https://x/?q={{ . }}">', "a b&c=/d", '<a href="https://x/?q=a%20b%26c%3D%2Fd">'),
        ('<p style="color: {{ . }}">', "red", '<p style="color: red">'),
        ('<p style="color: {{ . }}">', "expression(x)", '<p style="color: ZgotmplZ">'),
        ("<p {{ . }}=1>", "onclick", "<p ZgotmplZ=1>"),
        ("<!-- {{ . }} --><b>", "--><script>", "<!--  --><b>"),
        ("<title>{{ . }}</title>", Html("</title><b>"), "<title>&lt;/title&gt;&lt;b&gt;</title>"),
        ("a < {{ . }}", "b<", "a < b&lt;"),
    ],
)
def test_a_value_is_escaped_by_where_it_stands(text, value, expected):
    assert render(text, value) == expected


@pytest.mark.parametrize(
    "text", ["<script>var x = {{ . }}</script>", "<style>{{ . }}</style>", '<a onclick="{{ . }}">']
)
def test_a_value_does_not_stand_in_a_script_or_a_style_sheet(text):
    with pytest.raises(TemplateFault, match="cannot stand inside of"):
        render(text, "1")


@pytest.mark.parametrize(
    "text", ["<p>{{ . }}</p>", '<p title="{{ . }}">', "<p title='{{ . }}'>", '<a href="/{{ . }}">']
)
def test_a_hostile_value_adds_no_tag_and_ends_no_attribute(text):
    before, after = text.split("{{ . }}")
    shown = render(text, HOSTILE)
    inside = shown.removeprefix(before).removesuffix(after)
    assert not set(inside) & set("<>\"'")


def test_the_place_is_right_in_every_branch():
    text = "<a {{ if . }}href=\"{{ else }}title='{{ end }}{{ `javascript:x` }}"
    assert render(text, True).endswith('href="#ZgotmplZ')
    assert render(text, False).endswith("title='javascript:x")
