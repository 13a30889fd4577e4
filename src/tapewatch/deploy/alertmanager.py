"""A catalog for Alertmanager: routes, receivers, inhibitions, times that are quiet."""

from collections.abc import Mapping
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.routing import routing
from tapewatch.document.printing import to_yaml

CONFIG_FILE: Final = "alertmanager.yml"
SECRETS: Final = "/etc/alertmanager/secrets"
"""Where the files with keys are mounted; they are named in the configuration, never written."""


def render(catalog: Catalog) -> Mapping[str, str]:
    """Render ``alertmanager.yml``; what only our own delivery knows is left out."""
    return {CONFIG_FILE: to_yaml(routing(catalog, ours=False, secrets=SECRETS))}
