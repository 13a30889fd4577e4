"""
Where a message leads: the console, a silence, an acknowledgement.

A link carries matchers of labels that may leave the house, so it says nothing that the message
does not say.
"""

from dataclasses import dataclass
from urllib.parse import quote

from tapewatch.alerting.notification import Notification
from tapewatch.model.labels import Labels, quote_name
from tapewatch.model.labels import quote as quote_value


@dataclass(frozen=True, slots=True)
class Link:
    """Words and where they lead."""

    text: str
    url: str


def links_of(
    told: Notification, runbook_url: str = "", *, hashed: frozenset[str] = frozenset()
) -> tuple[Link, ...]:
    """Write the links of a notification, the most useful first; ``hashed`` labels find nothing."""
    links = [Link("Runbook", runbook_url)] if runbook_url else []
    if told.external_url and told.is_note:
        links.append(Link("Console", f"{told.external_url.rstrip('/')}/alerts"))
    elif told.external_url:
        where = f"filter={quote(matchers(_subject(told).drop(*hashed)), safe='')}"
        base = told.external_url.rstrip("/")
        # Nobody takes over, or silences, what is over.
        if told.firing:
            links.append(Link("Acknowledge", f"{base}/alerts?{where}&do=acknowledge"))
            links.append(Link("Silence", f"{base}/silences/new?{where}"))
        links.append(Link("Console", f"{base}/alerts?{where}"))
    return tuple(links)


def matchers(labels: Labels) -> str:
    """Write labels as the matchers that select them."""
    return (
        "{" + ",".join(f"{quote_name(name)}={quote_value(value)}" for name, value in labels) + "}"
    )


def _subject(told: Notification) -> Labels:
    # One alert is meant by all of its labels, a group by those that made it.
    if len(told.alerts) == 1 and not told.folded:
        return told.alerts[0].labels
    return told.group_labels or told.common_labels
