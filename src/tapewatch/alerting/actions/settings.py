"""The ``actions:`` section: what can be done, and what has to be so before it is."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tapewatch.document.fields import option
from tapewatch.document.reading import suggestion
from tapewatch.document.types import DurationMs, FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret

Faults = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSettings:
    """One thing that can be done."""

    kind: Literal["webhook", "command", "kill_switch"] = option("How it is done.")
    to: str = option("The address, the program, or the name of the switch.")
    help: str = option("What it does, and how it is undone.", default="")
    arguments: tuple[str, ...] = option("The arguments of the program.", default=())
    service: str = option(
        "Whose switch is tripped; empty is every process that has it.", default=""
    )
    token: InlineSecret | None = option("The token that the address asks for.", default=None)
    token_file: FilePath | None = option("File with it.", default=None)
    hmac_secret: InlineSecret | None = option("What requests are signed with.", default=None)
    hmac_secret_file: FilePath | None = option("File with it.", default=None)
    timeout: DurationMs = option("How long it may take.", default=10_000, low=1)
    cool_down: DurationMs = option("How long it is left alone once it was done.", default=300_000)
    confirm: bool = option("Whether a person has to agree first.", default=False)
    confirm_within: DurationMs = option("How long that person has.", default=900_000, low=1)
    armed: bool | None = option(
        "Whether it is done, or only told what would be; unsaid, as all actions.", default=None
    )

    def faults(self) -> Faults:
        """Check that there is something to do, and that nothing is said twice."""
        if not self.to:
            yield "to", "is missing: an address, a program or the name of a switch"
        for name in ("token", "hmac_secret"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                yield name, f"{name} and {name}_file exclude each other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsSettings:
    """All actions."""

    armed: bool = option(
        "Whether actions are done; otherwise they only tell what would be done.", default=False
    )
    arm: tuple[str, ...] = option("Actions that are done although not all are.", default=())
    arm_by: tuple[str, ...] = option(
        "Who may arm an action by hand for a while, by the names they go by; * is everybody.",
        default=(),
    )
    arm_for: DurationMs = option(
        "How long an action that was armed by hand stays so at most.", default=3_600_000, low=1
    )
    commands: tuple[FilePath, ...] = option("The programs that may be started.", default=())
    known: dict[str, ActionSettings] = option("The actions by name.", default_factory=dict)

    def faults(self) -> Faults:
        """Check that every program that is armed is allowed; a dry run starts nothing."""
        for name, action in self.known.items():
            if action.kind == "command" and self.is_armed(name) and not self.allows(action.to):
                yield f"known.{name}.to", f"is armed, and {action.to} is not listed under commands"

    def allows(self, program: str) -> bool:
        """Say whether a program may be started; a bare name is looked for as a shell does."""
        return (shutil.which(program) or program) in {str(each) for each in self.commands}

    def is_armed(self, name: str) -> bool:
        """Say whether an action is done, or only told."""
        own = self.known[name].armed
        return (self.armed or name in self.arm) if own is None else own

    def unknown(self) -> Faults:
        """Name what is to be armed and is not there; packs may bring actions of their own."""
        for name in self.arm:
            if name not in self.known:
                yield "arm", f"there is no action {name!r}{suggestion(name, self.known)}"
