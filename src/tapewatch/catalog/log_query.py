"""Log queries: questions to the logs that somebody will ask at night."""

from collections.abc import Iterator
from dataclasses import dataclass

from tapewatch.document.fields import option


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One question, in LogQL or Lucene, or the same in both."""

    title: str = option("What it finds, in a few words.")
    logql: str = option("The question in LogQL.", default="")
    lucene: str = option("The question in Lucene.", default="")
    help: str = option("When to ask it, and what to look for.", default="")
    service: str = option("The service whose records it reads.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that there is a question."""
        if not (self.logql or self.lucene):
            yield "", "has no question: write logql, lucene, or the same in both"
