"""How far a template may go; templates are written by users and fed by strangers' labels."""

from dataclasses import dataclass
from typing import Final

DEPTH_MAX: Final = 60
"""How deep actions, parentheses and template calls may nest; each costs a few Python frames."""
TEXT_MAX: Final = 1_000_000
"""The longest text and the longest list that a function may make."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may cost."""

    steps_max: int = 200_000
    output_max: int = TEXT_MAX


USUAL: Final = Limits()
