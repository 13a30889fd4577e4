"""What the bodies of our own endpoints have in common: objects with texts."""

from typing import Any

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import Call


async def told_in(call: Call) -> dict[str, Any]:
    """Read the object of the body."""
    told = await call.body("request")
    if not isinstance(told, dict):
        raise Refusal(400, "bad_data", "an object is expected")
    return told


def needed(told: dict[str, Any], name: str) -> str:
    """Give a text that must be there."""
    value = told.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(400, "bad_data", f"{name} is missing: say it as a text")
    return value.strip()
