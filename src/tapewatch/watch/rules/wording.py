"""
The templates of a rule: its labels and annotations.

``Occasion`` is what they are rendered with. A text that cannot be rendered says so in its place;
an alert is never lost for its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.watch.errors import TemplateFault
from tapewatch.watch.templates.limits import Limits
from tapewatch.watch.templates.prometheus import FUNCTIONS
from tapewatch.watch.templates.template import Template
from tapewatch.watch.templates.values import TextMap

VARIABLES: Final = ("labels", "externalLabels", "externalURL", "value")
LIMITS: Final = Limits(steps_max=20_000, output_max=100_000)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One sample that raises an alert, and the server that saw it."""

    labels: TextMap
    value: Any
    external_labels: TextMap
    external_url: str

    @property
    def variables(self) -> dict[str, Any]:
        """The variables that every text may use."""
        given = self.labels, self.external_labels, self.external_url, self.value
        return dict(zip(VARIABLES, given, strict=True))


class Wording:
    """One text."""

    __slots__ = ("_template", "text")

    def __init__(self, text: str, rule: str) -> None:
        self.text = text
        # Texts without actions are many; a template of them would only cost memory.
        self._template = None
        if "{{" in text:
            self._template = Template(
                text,
                name=f"__alert_{rule}",
                functions=FUNCTIONS,
                variables=VARIABLES,
                limits=LIMITS,
            )

    def render(self, occasion: Occasion, functions: Mapping[str, Any]) -> str:
        """Render the text; what goes wrong stands in its place."""
        if self._template is None:
            return self.text
        try:
            return self._template.render(
                occasion, variables=occasion.variables, functions=functions
            )
        except TemplateFault as fault:
            return f"<error expanding template: {fault}>"
