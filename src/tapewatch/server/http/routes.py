"""Routes that tell the layers above which one of them answered."""

from starlette.routing import Match
from starlette.routing import Route as PlainRoute
from starlette.types import Scope


class Route(PlainRoute):
    """A route that leaves itself in the scope, so requests are counted by it and not by path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is not Match.NONE:
            found["route"] = self
        return match, found
