"""What the checks look at: a catalog with its expressions read and its words put together."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.meaning import CarriedLabels, Comparison, carried, readings, top_comparisons
from tapewatch.catalog.rule import Alert
from tapewatch.catalog.vocabulary import SeriesFacts, Vocabulary
from tapewatch.catalog.words import kebab
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.nodes import Expr
from tapewatch.metrics.promql.parse import parse

ALERT_TEXTS: Final = ("summary", "description", "impact", "action")


@dataclass(frozen=True, slots=True)
class Expression:
    """One PromQL text of the catalog, at its place."""

    section: str
    name: str
    setting: tuple[str | int, ...]
    text: str
    line: int = 0

    @property
    def tree(self) -> Expr | None:
        """Its tree; nothing where it is no PromQL."""
        try:
            return parse(self.text)
        except QuerySyntaxError:
            return None


@dataclass(frozen=True, slots=True)
class ReviewedAlert:
    """An alert whose expression could be read."""

    name: str
    alert: Alert
    tree: Expr
    comparisons: tuple[Comparison, ...]
    """What decides whether it fires."""
    carried: CarriedLabels
    words: str
    """Everything that it says, in lower case."""


class Review:
    """A catalog under review; ``plain`` says that it was made from plain rule files."""

    def __init__(self, catalog: Catalog, *, plain: bool = False, calendar: str = "") -> None:
        self.catalog = catalog
        self.plain = plain
        self.calendar = calendar or ("" if plain else catalog.platform.calendar)
        self.vocabulary = Vocabulary(catalog)

    @cached_property
    def alerts(self) -> tuple[ReviewedAlert, ...]:
        """Every alert whose expression can be read."""
        return tuple(self._alerts())

    def _alerts(self) -> Iterator[ReviewedAlert]:
        for name, alert in self.catalog.alerts.items():
            tree = Expression("alerts", name, ("expr",), self.catalog.expand(alert.expr)).tree
            if tree is not None:
                labels = carried(tree, self.vocabulary.labels_of)
                told = tuple(top_comparisons(tree))
                yield ReviewedAlert(name, alert, tree, told, labels, words_of(name, alert))

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Every PromQL text of rules and objectives."""
        return tuple(self._expressions())

    def _expressions(self) -> Iterator[Expression]:
        expand = self.catalog.expand
        for section in ("records", "alerts"):
            for name, rule in self.catalog.section(section).items():
                yield Expression(section, name, ("expr",), expand(rule.expr))
        for name, objective in self.catalog.objectives.items():
            for setting in ("bad", "good", "of", "fast", "up"):
                if text := getattr(objective, setting):
                    yield Expression("objectives", name, (setting,), expand(text))
        for name, runbook in self.catalog.runbooks.items():
            for block in runbook.blocks:
                if block.language == "promql":
                    yield Expression("runbooks", name, (), expand(block.text), block.line)

    def facts_in(self, tree: Expr) -> Iterator[SeriesFacts]:
        """Yield what is known of every series that an expression reads."""
        for reading in readings(tree):
            facts = self.vocabulary.facts(reading.selector.name)
            if facts is not None:
                yield facts

    @cached_property
    def scrape_every_ms(self) -> Mapping[str, int]:
        """How often each service is scraped."""
        usual = self.catalog.platform.scrape_every
        return {name: service.every or usual for name, service in self.catalog.services.items()}


def words_of(name: str, alert: Alert) -> str:
    """Put everything together that an alert says."""
    texts = (getattr(alert, text) for text in ALERT_TEXTS)
    spoken = " ".join((kebab(name).replace("-", " "), *texts))
    return re.sub(r"\s+", " ", spoken).lower()
