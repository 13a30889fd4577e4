"""
What the metrics engine refuses.

* TapewatchError
  - MetricsError
    - ReadOnly: nothing can be kept at the moment (the disk is full or fails)
    - BadImport: a file that was to be imported cannot be read

Queries draw their own tree in ``promql/errors.py``, scraping in ``scrape/errors.py``.
"""

from tapewatch.model.errors import TapewatchError


class MetricsError(TapewatchError):
    """The metrics engine refuses something."""


class ReadOnly(MetricsError):
    """Nothing can be kept at the moment; reading goes on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"samples cannot be kept at the moment: {self.reason}"


class BadImport(MetricsError):
    """A file that was to be imported cannot be read."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(file, place, reason)
        self.file = file
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.file}:{self.place}: {self.reason}"
