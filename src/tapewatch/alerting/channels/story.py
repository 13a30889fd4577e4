"""
The message that we write ourselves: what broke, since when, how bad, whose it is, what to do.

It is made of parts in the order in which they help somebody who was woken up. Where room is short
the parts give way from the least useful one: single alerts first, then details; the headline, the
action and the way to the runbook stay.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from tapewatch.alerting.channels.limits import Measure, fit, letters
from tapewatch.alerting.channels.links import Link, links_of
from tapewatch.alerting.channels.markup import HTML, MARKDOWN, PLAIN, SLACK, TEAMS, Markup
from tapewatch.alerting.notification import RESOLVED, AlertView, Notification
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import Labels
from tapewatch.watch.templates.times import Moment

ALERTS_SHOWN: Final = 10
STEPS_SHOWN: Final = 3
PLACES_SHOWN: Final = 2
LABELS_SHOWN: Final = 6
TEST_REASON: Final = "test"

Steps = Callable[[AlertView], Sequence[str]]
"""Gives the first steps of an alert's runbook."""

_SUMMARIES: Final = ("summary", "message", "description")
_OWNERS: Final = ("owner", "team", "service_owner")
_PLACES: Final = ("venue", "exchange", "symbol", "instrument", "service", "job", "instance")
"""Where it is, where the group does not say it: the first that are the same for all alerts."""

_SAID_ELSEWHERE: Final = ("alertname", "severity", "priority", *_OWNERS)
_RUNBOOKS: Final = ("runbook_url", "runbook")


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value, for a line or for a field."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Story:
    """One notification in plain words, not yet marked up."""

    status: str
    urgency: int
    title: str
    summary: str
    facts: tuple[Fact, ...] = ()
    description: str = ""
    action: str = ""
    steps: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    unlisted: int = 0
    links: tuple[Link, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether it is over."""
        return self.status == RESOLVED

    @property
    def icon(self) -> str:
        """A sign that is seen before anything is read."""
        if self.resolved:
            return "✅"
        return ("🔴", "🟠", "🟡")[self.urgency] if self.urgency < 3 else "🔵"

    @property
    def color(self) -> str:
        """The colour of the icon, in hexadecimal digits."""
        if self.resolved:
            return "2eb67d"
        return ("d91e2e", "e8730c", "ecb22e")[self.urgency] if self.urgency < 3 else "2f7ed8"

    @property
    def main_url(self) -> str:
        """Where the title leads."""
        return next((link.url for link in self.links if link.text == "Console"), "")

    @property
    def runbook_url(self) -> str:
        """Where the runbook is."""
        return next((link.url for link in self.links if link.text == "Runbook"), "")

    def plain(self) -> str:
        """Write it without markup."""
        return self.say(PLAIN)

    def brief(self) -> str:
        """Write it without markup and without links, for services that show links beside it."""
        return self.say(PLAIN, links=False)

    def slack(self) -> str:
        """Write it in Slack's markup."""
        return self.say(SLACK, links=False)

    def markdown(self) -> str:
        """Write it in Markdown."""
        return self.say(MARKDOWN)

    def teams(self) -> str:
        """Write it in the Markdown of adaptive cards."""
        return self.say(TEAMS, links=False)

    def html(self) -> str:
        """Write it with the few tags that chats know."""
        return self.say(HTML)

    def say(
        self,
        markup: Markup,
        *,
        limit: int = 0,
        measure: Measure = letters,
        links: bool = True,
    ) -> str:
        """Write the body; with a limit, as much of it as fits."""
        text = ""
        for smaller in self._ever_smaller():
            text = markup.line_end.join(smaller.lines(markup, links=links))
            if not limit or measure(text) <= limit:
                return text
        return fit(text, limit, measure=measure)

    def titled(self, markup: Markup, *, limit: int = 0, measure: Measure = letters) -> str:
        """Write title and body as one text."""
        headline = f"{self.icon} {markup.bold(self.title)}"
        room = max(limit - measure(headline) - len(markup.line_end), 1) if limit else 0
        return headline + markup.line_end + self.say(markup, limit=room, measure=measure)

    def _ever_smaller(self) -> Iterator["Story"]:
        story = self
        yield story
        for count in (5, 3, 1, 0):
            if len(story.alerts) > count:
                hidden = len(story.alerts) - count
                shown = story.alerts[:count]
                story = replace(story, alerts=shown, unlisted=story.unlisted + hidden)
                yield story
        for change in _CHANGES:
            story = change(story)
            yield story

    def lines(self, markup: Markup, *, links: bool = True) -> Iterator[str]:
        """Yield the lines of the body, the most useful first."""
        if self.summary:
            yield markup.escape(self.summary)
        for fact in self.facts:
            yield f"{markup.bold(f'{fact.name}:')} {markup.escape(fact.value)}"
        if self.description:
            yield markup.escape(self.description)
        if self.action:
            yield f"{markup.bold('Do:')} {markup.escape(self.action)}"
        for number, step in enumerate(self.steps, 1):
            yield f"{number}. {markup.escape(step)}"
        yield from (f"{markup.bullet}{markup.escape(alert)}" for alert in self.alerts)
        if self.unlisted:
            yield markup.escape(f"and {self.unlisted} more")
        if links and self.links:
            separator = "\n" if markup is PLAIN else " · "
            yield separator.join(markup.link(link.text, link.url) for link in self.links)


_CHANGES: Final[tuple[Callable[[Story], Story], ...]] = (
    lambda story: replace(story, description=fit(story.description, 300)),
    lambda story: replace(story, steps=tuple(fit(step, 120) for step in story.steps)),
    lambda story: replace(story, description="", summary=fit(story.summary, 300)),
    lambda story: replace(story, facts=tuple(_short(fact) for fact in story.facts)),
    lambda story: replace(story, links=tuple(_fewer(story.links))),
    lambda story: replace(story, steps=story.steps[:1], action=fit(story.action, 160)),
    lambda story: replace(story, steps=(), summary=fit(story.summary, 120)),
    lambda story: replace(story, links=tuple(_runbook(story.links)), unlisted=0),
    lambda story: replace(story, facts=story.facts[:2]),
)


def _short(fact: Fact) -> Fact:
    return Fact(fact.name, fit(fact.value, 80))


def _fewer(links: Sequence[Link]) -> Iterator[Link]:
    return (link for link in links if link.text in ("Runbook", "Acknowledge"))


def _runbook(links: Sequence[Link]) -> Iterator[Link]:
    return (link for link in links if link.text == "Runbook")


def tell(
    told: Notification, steps: Steps | None = None, *, hashed: frozenset[str] = frozenset()
) -> Story:
    """Write the story of a notification; links leave out labels that were ``hashed``."""
    first = next(iter(told.firing or told.alerts), None)
    notes = told.common_annotations or (first.annotations if first else Labels())
    runbook = _one(notes, *_RUNBOOKS)
    summary = _one(told.common_annotations, *_SUMMARIES) or (_line(first) if first else "")
    description = notes.get("description")
    several = len(told.alerts) + told.folded > 1
    return Story(
        status=told.status,
        urgency=told.urgency,
        title=_title(told),
        summary=summary,
        facts=tuple(_facts(told, first)),
        description="" if description == summary else description,
        action=notes.get("action"),
        steps=tuple(_steps(notes, first, steps)),
        alerts=tuple(_alert(each, told) for each in told.alerts[:ALERTS_SHOWN]) if several else (),
        unlisted=max(len(told.alerts) - ALERTS_SHOWN, 0) + told.folded if several else 0,
        links=links_of(told, runbook if "://" in runbook else "", hashed=hashed),
    )


def _title(told: Notification) -> str:
    name = told.common_labels.get("alertname") or told.group_labels.get("alertname") or "Alerts"
    where = " ".join(_whereabouts(told))
    firing = len(told.firing) + (0 if told.status == RESOLVED else told.folded)
    count = f" ×{firing}" if firing > 1 else ""
    head = "RESOLVED" if told.status == RESOLVED else f"P{told.urgency}"
    head = f"TEST {head}" if told.reason == TEST_REASON else head
    return f"[{head}{count}] {name}" + (f" · {where}" if where else "")


def _whereabouts(told: Notification) -> list[str]:
    grouped = [value for label, value in told.group_labels if label != "alertname"]
    if grouped:
        return grouped
    known = [told.common_labels.get(name) for name in _PLACES]
    return list(dict.fromkeys(value for value in known if value))[:PLACES_SHOWN]


def _facts(told: Notification, first: AlertView | None) -> Iterator[Fact]:
    if first is None:
        return
    began_ns = min(alert.starts_at_ns for alert in (told.firing or told.alerts))
    if told.status == RESOLVED:
        ended_ns = max(alert.ends_at_ns for alert in told.alerts)
        yield Fact("Over", f"{clock_time(ended_ns)}, it lasted {_lasted(began_ns, ended_ns)}")
    else:
        yield Fact("Since", clock_time(began_ns))
    value = _one(told.common_annotations, "value") or first.annotations.get("value")
    threshold = _one(told.common_annotations, "threshold") or first.annotations.get("threshold")
    if value:
        yield Fact("Value", f"{value}, threshold {threshold}" if threshold else value)
    where = _rest(told)
    if where:
        yield Fact("Where", where)
    owner = _one(told.common_labels, *_OWNERS) or _one(told.common_annotations, *_OWNERS)
    if owner:
        yield Fact("Owner", owner)
    impact = told.common_annotations.get("impact")
    if impact:
        yield Fact("Impact", impact)
    takers = sorted({alert.acknowledged_by for alert in told.alerts if alert.acknowledged_by})
    if takers:
        yield Fact("Acknowledged by", ", ".join(takers))


def _rest(told: Notification) -> str:
    # Labels that all alerts have and that neither the title nor another line says.
    said = {*told.group_labels.names(), *_SAID_ELSEWHERE}
    pairs = [f"{name}={value}" for name, value in told.common_labels if name not in said]
    return " ".join(pairs[:LABELS_SHOWN])


def _steps(notes: Labels, first: AlertView | None, steps: Steps | None) -> Sequence[str]:
    written = notes.get("runbook_steps")
    if written:
        lines = [line.strip().lstrip("-*0123456789. ") for line in written.splitlines()]
        return [line for line in lines if line][:STEPS_SHOWN]
    if steps is None or first is None:
        return ()
    return list(steps(first))[:STEPS_SHOWN]


def _alert(alert: AlertView, told: Notification) -> str:
    common = {*told.common_labels.names()}
    own = " ".join(f"{name}={value}" for name, value in alert.labels if name not in common)
    value = alert.annotations.get("value")
    parts = [own or alert.labels.get("alertname"), value]
    state = "over" if alert.status == RESOLVED else f"since {clock_time(alert.starts_at_ns)}"
    return ", ".join([*(part for part in parts if part), state])


def _line(alert: AlertView) -> str:
    return _one(alert.annotations, *_SUMMARIES)


def _one(labels: Labels, *names: str) -> str:
    return next((labels.get(name) for name in names if labels.get(name)), "")


@lru_cache(maxsize=4096)
def clock_time(time_ns: int) -> str:
    """Write a time as people in the middle of something read it: the clock first."""
    return Moment(time_ns).format("15:04:05 UTC, 2 Jan")


def _lasted(began_ns: int, ended_ns: int) -> str:
    return format_duration_ms(max(ended_ns - began_ns, 0) // 1_000_000_000 * 1000)
