"""
What can go wrong in the agent.

* TapewatchError
  - AgentError
    - BadDestination: a place to push to that cannot be one
    - NotDelivered: a push that was not taken; the pusher tries again or drops it
"""

from tapewatch.model.errors import TapewatchError


class AgentError(TapewatchError):
    """Something that the agent cannot do."""


class BadDestination(AgentError):
    """A URL that nothing can be pushed to."""

    def __init__(self, url: str, remedy: str) -> None:
        super().__init__(url, remedy)
        self.url = url
        self.remedy = remedy

    def __str__(self) -> str:
        return f"nothing can be pushed to {self.url!r}: {self.remedy}"


class NotDelivered(AgentError):
    """A destination did not take a push; ``status`` is 0 where it did not answer."""

    def __init__(self, reason: str, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(reason, status, retry_after_s)
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def hopeless(self) -> bool:
        """Whether the same push would be refused again."""
        return 400 <= self.status < 500 and self.status not in (408, 429)

    def __str__(self) -> str:
        return self.reason
