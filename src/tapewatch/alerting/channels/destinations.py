"""Whether a destination lies inside the house, where nothing has to be hidden."""

import ipaddress
from urllib.parse import urlsplit

from tapewatch.alerting.channels.settings.common import ChannelSettings, OwnSettings
from tapewatch.alerting.privacy.filter import Allowance


def allowance_of(settings: ChannelSettings, *, inside: bool) -> Allowance:
    """Read what a channel may be told; ``inside`` is what its kind and address suggest."""
    own: OwnSettings = settings.tapewatch
    return Allowance(
        labels=frozenset(own.labels),
        annotations=frozenset(own.annotations),
        inside=own.destination == "inside" if own.destination else inside,
    )


def is_this_machine(url: str) -> bool:
    """Say whether a URL leads to this machine and nowhere else."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
