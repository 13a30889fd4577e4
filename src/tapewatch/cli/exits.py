"""The exit statuses of every verb, the same everywhere so that scripts can rely on them."""

from typing import Final

FINE: Final = 0
FAILED: Final = 1
"""It was tried and did not work, or a check found something."""
UNUSABLE: Final = 2
"""The command line or the configuration is wrong; nothing was tried."""
UNREACHABLE: Final = 3
"""The server that was to be asked does not answer."""
