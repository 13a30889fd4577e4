"""Objectives: what the desk promises, and how it is measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.catalog.forms import ObjectiveWindow, Share, Window
from tapewatch.catalog.rule import Severity
from tapewatch.document.fields import option

_MONTH_MS: Final = 30 * 86_400_000
FORMS: Final = ("bad + of", "good + of", "fast + below", "up")


@dataclass(frozen=True, slots=True)
class Objective:
    """
    A share of events (or of time) that has to be good over a window.

    It is told in one of four forms: ``bad`` events ``of`` all, ``good`` events ``of`` all, the
    observations of a histogram that are ``fast``, at or ``below`` a bound, or the time for which
    ``up`` is 1. ``bad``, ``good``, ``of`` and ``fast`` are selectors: the rates are made here.
    """

    target: Share = option("The share that has to be good, as in 99.9%.")
    title: str = option("Its name for people; the key otherwise.", default="")
    help: str = option("What is promised, to whom, in a sentence.", default="")
    over: Window = option(
        "The window, as in 30d, or 30d of XNYS.", default=ObjectiveWindow(_MONTH_MS)
    )
    bad: str = option("The counter of bad events.", default="")
    good: str = option("The counter of good events.", default="")
    of: str = option("The counter of all events.", default="")
    fast: str = option("The histogram of what has to be fast.", default="")
    below: str = option(
        "The bound of fast: a duration, or a number in the metric's unit.", default=""
    )
    up: str = option("An expression that is 1 while all is well, 0 otherwise.", default="")
    by: tuple[str, ...] = option("Labels that have a budget of their own.", default=())
    service: str = option("The service that promises it.", default="")
    owner: str = option("Whose it is; the service's owner otherwise.", default="")
    page: Severity = option("How urgent a fast burn is.", default="P1")
    ticket: Severity = option("How urgent a slow burn is.", default="P2")
    runbook: str = option("The runbook of its alerts; the key otherwise.", default="")
    accept: dict[str, str] = option(
        "Checks that do not apply, each with why.", default_factory=dict
    )

    @property
    def form(self) -> str:
        """Which of the four forms is used; empty where none or several are."""
        given = [form for form in FORMS if all(self._said(form))]
        spoken = sum(bool(text) for text in (self.bad, self.good, self.fast, self.up))
        return given[0] if len(given) == spoken == 1 else ""

    def _said(self, form: str) -> Iterator[Any]:
        return (getattr(self, name) for name in form.split(" + "))

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that it is told in exactly one form, and leaves a budget."""
        if not self.form:
            yield "", f"tell it in one of these forms: {'; '.join(FORMS)}"
        if self.target == 1:
            yield "target", "100% leaves no budget: every single failure would page"
