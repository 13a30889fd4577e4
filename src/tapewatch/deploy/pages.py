"""A catalog as pages of Markdown: the platform, its graph, its runbooks."""

from collections.abc import Mapping
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.graph import graph
from tapewatch.catalog.pages import platform_page

INDEX: Final = "README.md"


def render(catalog: Catalog) -> Mapping[str, str]:
    """Render the platform's page and a page for each runbook."""
    drawing = (
        f"\n## How the services need each other\n\n```mermaid\n{graph(catalog, 'mermaid')}```\n"
    )
    runbooks = {
        f"runbooks/{name}.md": runbook.text.rstrip() + "\n"
        for name, runbook in sorted(catalog.runbooks.items())
    }
    links = "".join(
        f"- [{runbook.title or name}](runbooks/{name}.md)\n"
        for name, runbook in sorted(catalog.runbooks.items())
    )
    page = platform_page(catalog) + drawing
    return {INDEX: f"{page}\n## Runbooks\n\n{links}" if links else page, **runbooks}
