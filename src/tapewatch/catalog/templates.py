"""The texts of alerts as templates: whether they can be rendered, and what they say."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from tapewatch.watch.templates.prometheus import FUNCTIONS, QuerySample, rule_functions
from tapewatch.watch.templates.template import Template
from tapewatch.watch.templates.values import TextMap

VARIABLES: Final = ("labels", "externalLabels", "externalURL", "value")


@lru_cache(maxsize=8192)
def template(text: str) -> Template:
    """Read a text once; raises ``TemplateFault`` where it is no template."""
    return Template(text, name="text", functions=FUNCTIONS, variables=VARIABLES)


def _one_sample(_expression: str) -> Sequence[QuerySample]:
    return (QuerySample(TextMap({}), 1.0),)


_FUNCTIONS: Final = rule_functions(_one_sample, 0, "http://127.0.0.1:7600")


def render(text: str, labels: Mapping[str, str], value: float) -> str:
    """Render a text for one alert; every query is answered by one sample of 1."""
    known = TextMap(labels)
    none = TextMap({})
    data = {"Labels": known, "ExternalLabels": none, "ExternalURL": "", "Value": value}
    variables = {"labels": known, "externalLabels": none, "externalURL": "", "value": value}
    return template(text).render(data, variables=variables, functions=_FUNCTIONS)
