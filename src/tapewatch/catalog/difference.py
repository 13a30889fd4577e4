"""What changed between two catalogs, in the words that a reviewer wants."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.file import SECTIONS
from tapewatch.document.fields import settings_of
from tapewatch.document.printing import to_plain


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that came, went or changed; ``note`` says what that means."""

    kind: Literal["new", "gone", "changed"]
    section: str
    name: str
    setting: str = ""
    before: Any = None
    after: Any = None
    note: str = ""

    def __str__(self) -> str:
        what = f"{self.section}.{self.name}" if self.name else self.section
        note = f" ({self.note})" if self.note else ""
        if self.kind != "changed":
            return f"{self.kind:8} {what}{note}"
        return (
            f"changed  {what}: {self.setting}: {_shown(self.before)} -> {_shown(self.after)}{note}"
        )


def differences(old: Catalog, new: Catalog) -> Iterator[Change]:
    """Yield every change, section by section, in the order of names."""
    yield from _settings("platform", "", old.platform, new.platform)
    for section in SECTIONS:
        yield from _things(section, old.section(section), new.section(section))
    yield from _runbooks(old, new)


def _things(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Change("gone", section, name, note=_GONE.get(section, ""))
        elif name not in old:
            yield Change("new", section, name, note=_news(section, new[name]))
        elif old[name] != new[name]:
            yield from _settings(section, name, old[name], new[name])


def _settings(section: str, name: str, old: Any, new: Any) -> Iterator[Change]:
    for setting in settings_of(type(new)):
        before, after = getattr(old, setting.name), getattr(new, setting.name)
        if before != after:
            note = _NOTES.get((section, setting.key), _nothing)(before, after)
            was, now = (to_plain(each, setting.type) for each in (before, after))
            yield Change("changed", section, name, setting.key, was, now, note)


def _runbooks(old: Catalog, new: Catalog) -> Iterator[Change]:
    for name in sorted({*old.runbooks, *new.runbooks}):
        if name not in new.runbooks:
            yield Change("gone", "runbooks", name)
        elif name not in old.runbooks:
            yield Change("new", "runbooks", name)
        elif old.runbooks[name].text != new.runbooks[name].text:
            before, after = old.runbooks[name].sections, new.runbooks[name].sections
            changed = [each for each in {**before, **after} if before.get(each) != after.get(each)]
            yield Change("changed", "runbooks", name, "sections", "", ", ".join(changed))


def _news(section: str, thing: Any) -> str:
    if section == "alerts":
        return f"{thing.severity}: {thing.summary}"
    return str(getattr(thing, "help", "") or getattr(thing, "title", ""))


_GONE: Final = {
    "alerts": "nobody is told of it any more",
    "metrics": "what asks for it gets nothing",
    "records": "what asks for it gets nothing",
    "channels": "nothing reaches it any more",
    "objectives": "nobody is held to it any more",
}


def _nothing(_before: Any, _after: Any) -> str:
    return ""


def _severity(before: str, after: str) -> str:
    return "more urgent" if after < before else "less urgent"


def _for(before: int, after: int) -> str:
    return "told later" if after > before else "told sooner, on less"


def _guard(before: Any, after: Any) -> str:
    if after is None:
        return f"no longer quiet outside of {before}"
    return f"quiet outside of {after}"


def _target(before: float, after: float) -> str:
    return "promises more" if after > before else "promises less"


def _limit(before: float, after: float) -> str:
    return "higher" if after > before else "lower"


def _buckets(_before: Any, _after: Any) -> str:
    return "quantiles over the change mix both"


def _labels(before: Any, after: Any) -> str:
    added, gone = sorted(set(after.own) - set(before.own)), sorted(set(before.own) - set(after.own))
    told = [f"new: {', '.join(added)}"] if added else []
    return "; ".join([*told, *([f"gone: {', '.join(gone)}"] if gone else [])])


_NOTES: Final[Mapping[tuple[str, str], Callable[[Any, Any], str]]] = {
    ("alerts", "severity"): _severity,
    ("alerts", "for"): _for,
    ("alerts", "only_while"): _guard,
    ("objectives", "target"): _target,
    ("limits", "value"): _limit,
    ("metrics", "buckets"): _buckets,
    ("metrics", "labels"): _labels,
}


def _shown(value: Any) -> str:
    text = str(value) if value not in ("", None, []) else "nothing"
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}…"
