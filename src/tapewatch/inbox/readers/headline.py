"""What the first line of a message of ours says: how urgent, which alert, and where."""

import re
from typing import Final

from tapewatch.inbox.letter import State

_HEADLINE: Final = re.compile(
    r"\[(?P<test>TEST )?(?P<head>P[0-9]|RESOLVED|FIRING(:\d+)?)[^\]]*\] (?P<alert>[A-Za-z_]\w*)"
)


def state_of(title: str) -> State:
    """Tell from a headline whether something began, is over, or was a test."""
    found = _HEADLINE.search(title)
    if found is None:
        return "resolved" if "RESOLVED" in title else "firing"
    if found["test"]:
        return "test"
    return "resolved" if found["head"] == "RESOLVED" else "firing"


def alerts_of(title: str) -> tuple[str, ...]:
    """Name the alert of a headline."""
    found = _HEADLINE.search(title)
    return (found["alert"],) if found and found["alert"] != "Alerts" else ()
