"""
What a venue means when it refuses.

The same status means different things at different venues, and the code in the body often says
more than the status. A refusal tells for how long nothing more may be sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SECOND_NS: Final = 1_000_000_000
_MILLISECOND_NS: Final = 1_000_000
_BANNED_UNTIL: Final = re.compile(r"banned until ([0-9]{13})")


class Refusal(StrEnum):
    """Why nothing was done."""

    OVER_LIMIT = "over_limit"
    """A budget is gone; it comes back by itself."""
    BANNED = "banned"
    """Nothing is answered for a while, because warnings were ignored."""
    FIREWALL = "firewall"
    """The venue's outer wall refused; no budget explains it."""
    SESSION_CLOSED = "session_closed"
    """The connection is gone as well."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A refusal, and how long it lasts where the venue does not say."""

    refusal: Refusal
    wait_s: float = 0.0


_OVER: Final = Meaning(Refusal.OVER_LIMIT)
_BINANCE: Final = {
    "429": _OVER,
    "418": Meaning(Refusal.BANNED, 120),
    "403": Meaning(Refusal.FIREWALL),
    "-1003": _OVER,
    "-1015": _OVER,
}
MEANINGS: Final[dict[str, Mapping[str, Meaning]]] = {
    "binance_spot": _BINANCE,
    "binance_futures": _BINANCE,
    "bybit": {
        "403": Meaning(Refusal.BANNED, 600),
        "429": _OVER,
        "10006": _OVER,
        "10018": _OVER,
    },
    "okx": {"429": _OVER, "50011": _OVER, "50061": _OVER},
    "kraken": {
        "429": _OVER,
        "EAPI:Rate limit exceeded": _OVER,
        "EOrder:Rate limit exceeded": _OVER,
        "EGeneral:Temporary lockout": Meaning(Refusal.BANNED, 900),
    },
    "coinbase": {"429": _OVER},
    "deribit": {"429": _OVER, "10028": Meaning(Refusal.SESSION_CLOSED)},
    "alpaca": {"429": _OVER},
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with its end; ``until_ns`` is 0 where nobody says."""

    refusal: Refusal
    until_ns: int


def refused(
    venue: str,
    status: int,
    *,
    code: str = "",
    message: str = "",
    retry_after: str = "",
    now_ns: int,
) -> Refused | None:
    """Say what an answer refuses, None where it refuses nothing that has to do with budgets."""
    known = MEANINGS.get(venue, {})
    meaning = known.get(code) or known.get(str(status))
    if meaning is None:
        return None
    ban = _BANNED_UNTIL.search(message)
    if ban is not None:
        return Refused(Refusal.BANNED, int(ban[1]) * _MILLISECOND_NS)
    if status == 418:  # The code of a banned address is that of a budget that is gone.
        meaning = known.get("418", meaning)
    wait_s = retry_after_s(retry_after, now_ns)
    lasts_s = meaning.wait_s if wait_s is None else wait_s
    return Refused(meaning.refusal, now_ns + round(lasts_s * _SECOND_NS) if lasts_s else 0)


def retry_after_s(text: str, now_ns: int) -> float | None:
    """Read a ``Retry-After`` header, seconds or a date; None where it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(moment.timestamp() - now_ns / _SECOND_NS, 0.0)
