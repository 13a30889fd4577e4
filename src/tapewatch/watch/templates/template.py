"""
Templates as others use them.

``Template`` is one text. ``TemplateSet`` holds what several texts define, as a folder of template
files does, and renders texts that call those definitions.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from tapewatch.watch.templates.builtins import BUILTINS
from tapewatch.watch.templates.html import HtmlOutput
from tapewatch.watch.templates.lex import Source
from tapewatch.watch.templates.limits import USUAL, Limits
from tapewatch.watch.templates.parse import Parsed, parse
from tapewatch.watch.templates.run import PlainOutput, Run
from tapewatch.watch.templates.statements import Body
from tapewatch.watch.templates.values import Functions

NO_FUNCTIONS: Final[Functions] = {}
REMEMBERED: Final = 1024


class Template:
    """
    One text, read once and rendered as often as wanted.

    ``functions`` are added to Go's own. ``variables`` names what a rendering sets besides its data:
    ``variables=("value",)`` makes ``$value`` known. ``html`` escapes values by where they stand.
    """

    def __init__(
        self,
        text: str,
        *,
        name: str = "template",
        functions: Functions = NO_FUNCTIONS,
        variables: Sequence[str] = (),
        html: bool = False,
        limits: Limits = USUAL,
    ) -> None:
        self.text = text
        self.name = name
        self._functions = {**BUILTINS, **functions}
        parsed = parse(Source(name, text), self._functions, variables)
        self._body = parsed.body
        self._bodies = {**parsed.definitions, name: parsed.body}
        self._html = html
        self._limits = limits
        self._constant = self._body.constant

    @property
    def is_constant(self) -> bool:
        """Whether the text reads the same for every data."""
        return self._constant is not None

    def render(
        self,
        data: Any = None,
        *,
        variables: Mapping[str, Any] | None = None,
        functions: Functions | None = None,
    ) -> str:
        """Render for some data; ``functions`` stand in for those of the same name."""
        if self._constant is not None:
            return self._constant
        own = {**self._functions, **functions} if functions else self._functions
        return _render(self._body, self._bodies, own, data, variables, self._html, self._limits)


class TemplateSet:
    """Definitions of several texts, and texts that use them."""

    def __init__(
        self, *, functions: Functions = NO_FUNCTIONS, html: bool = False, limits: Limits = USUAL
    ) -> None:
        self._functions = {**BUILTINS, **functions}
        self._html = html
        self._limits = limits
        self._bodies: dict[str, Body] = {}
        self._parse = lru_cache(maxsize=REMEMBERED)(self._read)

    def add(self, text: str, *, name: str) -> None:
        """Read a file's text; a definition replaces an earlier one of the same name."""
        parsed = self._read(text, name)
        self._bodies.update(parsed.definitions)
        self._bodies[name] = parsed.body

    def check(self, text: str, *, name: str = "template") -> None:
        """Read a text and refuse it as rendering would, without any data."""
        self._parse(text, name)

    def __contains__(self, name: str) -> bool:
        return name in self._bodies

    def render(
        self,
        text: str,
        data: Any = None,
        *,
        name: str = "template",
        html: bool | None = None,
        functions: Functions | None = None,
    ) -> str:
        """Render a text that may call what is defined here; read texts are remembered."""
        if "{{" not in text:
            return text
        parsed = self._parse(text, name)
        bodies = {**self._bodies, **parsed.definitions} if parsed.definitions else self._bodies
        own = {**self._functions, **functions} if functions else self._functions
        as_html = self._html if html is None else html
        return _render(parsed.body, bodies, own, data, None, as_html, self._limits)

    def _read(self, text: str, name: str) -> Parsed:
        return parse(Source(name, text), self._functions)


def _render(
    body: Body,
    bodies: Mapping[str, Body],
    functions: Functions,
    data: Any,
    variables: Mapping[str, Any] | None,
    html: bool,
    limits: Limits,
) -> str:
    output = HtmlOutput() if html else PlainOutput()
    run = Run(bodies, functions, output, limits)
    body.render(run, data, variables)
    return output.result()
