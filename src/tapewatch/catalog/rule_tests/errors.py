"""
What can keep a test from running.

* TapewatchError
  - CatalogError
    - CannotRun: a series cannot be read, or a rule cannot be evaluated
"""

from tapewatch.catalog.errors import CatalogError


class CannotRun(CatalogError):
    """A test says nothing, because it cannot be run; the message says why."""

    __test__ = False  # Its name is no invitation to pytest.
