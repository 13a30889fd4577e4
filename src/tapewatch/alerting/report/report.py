"""
How good the alerts of a time were.

A firing counts as acted on when somebody took it over, was given it, said something about it, or
it was silenced; precision is the share of firings that were. Flapping is a firing that was over
within five minutes. A page is a message that tells of something new that fires, or a step of an
escalation.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.oncall.shift import Shift
from tapewatch.alerting.report import questions
from tapewatch.model.durations import format_time_ns

FLAPPING_NS: Final = 300 * 1_000_000_000
SHIFT_NS: Final = 12 * 3600 * 1_000_000_000
NOBODYS: Final = "nobody's"
SILENCED: Final = "silenced"


@dataclass(slots=True)
class Life:
    """One firing of one alert, and what happened to it until it fired again."""

    alert: str
    owner: str
    at_ns: int
    firsts: dict[str, int] = field(default_factory=dict)
    """When each thing happened to it first, by its kind."""
    detect_seconds: float | None = None
    silenced: bool = False

    @property
    def acted_on(self) -> bool:
        """Whether anybody did anything about it."""
        return self.silenced or bool(self.firsts.keys() & {"acknowledged", "assigned", "commented"})

    @property
    def flapping(self) -> bool:
        """Whether it was over before anybody could look."""
        return self.firsts.get("resolved", 2**63) - self.at_ns < FLAPPING_NS

    def seconds_to(self, kind: str) -> float | None:
        """Say how long it took until something happened."""
        return (self.firsts[kind] - self.at_ns) / 1e9 if kind in self.firsts else None


def report(
    book: Book, roster: Roster, *, since_ns: int, until_ns: int, rules: Iterable[str] = ()
) -> dict[str, Any]:
    """Read everything from the history; ``rules`` names the alerts that could have fired."""
    span = (since_ns, until_ns)
    lives = list(_lives(book, span))
    names = Counter(life.alert for life in lives)
    return {
        "since": format_time_ns(since_ns),
        "until": format_time_ns(until_ns),
        "fired": len(lives),
        "acknowledged": _share(lives, lambda life: "acknowledged" in life.firsts),
        "flapping": _share(lives, lambda life: life.flapping),
        "silenced": _share(lives, lambda life: life.silenced),
        "seconds": {
            "detect": _spread(life.detect_seconds for life in lives),
            "notify": _spread(took / 1e9 for (took,) in book.rows(questions.NOTIFY, span)),
            "acknowledge": _spread(life.seconds_to("acknowledged") for life in lives),
            "resolve": _spread(life.seconds_to("resolved") for life in lives),
        },
        "alerts": [_alert(name, lives) for name, _ in names.most_common()],
        "owners": list(_owners(lives)),
        "never_fired": sorted(set(rules) - names.keys()),
        "shifts": list(_shifts(book, roster, span)),
        "channels": list(_channels(book, span)),
        "actions": [
            {"at": format_time_ns(at), "what": kind, "action": name, "by": by, "told": told}
            for at, kind, name, by, told in book.rows(questions.ACTIONS, span)
        ],
    }


def _lives(book: Book, span: tuple[int, int]) -> Iterator[Life]:
    found: dict[tuple[str, int], Life] = {}
    for fingerprint, alert, labels, at_ns, told, later_ns, kind in book.rows(questions.LIVES, span):
        key = (fingerprint, at_ns)
        if key not in found:
            found[key] = Life(alert, _owner(orjson.loads(labels)), at_ns)
            found[key].silenced = SILENCED in told
            found[key].detect_seconds = _leading_number(told)
        if kind is not None:
            found[key].firsts[kind] = later_ns
    yield from found.values()


def _owner(labels: dict[str, str]) -> str:
    return labels.get("owner") or labels.get("team") or NOBODYS


def _leading_number(text: str) -> float | None:
    try:
        return float(text.partition(" ")[0])
    except ValueError:
        return None


def _alert(name: str, lives: Sequence[Life]) -> dict[str, Any]:
    own = [life for life in lives if life.alert == name]
    return {
        "alert": name,
        "fired": len(own),
        "acted_on": sum(life.acted_on for life in own),
        "flapping": sum(life.flapping for life in own),
    }


def _owners(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    by_owner: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        by_owner[life.owner].append(life)
    for owner, own in sorted(by_owner.items()):
        acted = sum(life.acted_on for life in own)
        yield {
            "owner": owner,
            "fired": len(own),
            "acted_on": acted,
            "precision": round(acted / len(own), 4),
        }


def _shifts(book: Book, roster: Roster, span: tuple[int, int]) -> Iterator[dict[str, Any]]:
    pages = sorted({(at, receiver) for at, receiver, _ in book.rows(questions.DECIDED, span)})
    for schedule in roster.schedules():
        for shift in roster.shifts(schedule, *span):
            yield _shift(schedule, shift.within(*span), pages)
    if not roster.schedules():
        for shift in _half_days(*span):
            yield _shift("", shift, pages)


def _half_days(since_ns: int, until_ns: int) -> Iterator[Shift]:
    begins_ns = since_ns - since_ns % SHIFT_NS
    while begins_ns < until_ns:
        yield Shift("", begins_ns, begins_ns + SHIFT_NS)
        begins_ns += SHIFT_NS


def _shift(schedule: str, shift: Shift, pages: Sequence[tuple[int, str]]) -> dict[str, Any]:
    count = sum(shift.starts_ns <= at < shift.ends_ns for at, _ in pages)
    hours = (shift.ends_ns - shift.starts_ns) / 3.6e12
    per_shift = round(count * 12 / hours, 2) if hours else 0.0
    return {"schedule": schedule, **shift.as_dict(), "pages": count, "pages_per_12h": per_shift}


def _channels(book: Book, span: tuple[int, int]) -> Iterator[dict[str, Any]]:
    for receiver, integration, delivered, put_off, refused in book.rows(questions.CHANNELS, span):
        yield {
            "channel": f"{receiver}/{integration}",
            "delivered": delivered,
            "failed": put_off + refused,
            "refused": refused,
        }


def _share(lives: Sequence[Life], is_one: Callable[[Life], bool]) -> dict[str, float]:
    count = sum(1 for life in lives if is_one(life))
    return {"count": count, "share": round(count / len(lives), 4) if lives else 0.0}


def _spread(seconds: Iterable[float | None]) -> dict[str, Any]:
    """Give median and p99 by rank, so each is a value that has occurred."""
    known = sorted(each for each in seconds if each is not None)
    if not known:
        return {"count": 0, "p50": None, "p99": None}
    ranks = {name: min(int(share * len(known)), len(known) - 1) for name, share in _RANKS}
    return {"count": len(known), **{name: round(known[rank], 3) for name, rank in ranks.items()}}


_RANKS: Final = (("p50", 0.5), ("p99", 0.99))
