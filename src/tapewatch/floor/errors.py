"""
What can go wrong on the floor.

* TapewatchError
  - FloorError
    - UnknownPack: a pack for which there is no desk
    - UnknownFault: a fault that nobody has described
    - BadSchedule: a schedule of faults that cannot be read
    - PortTaken: somebody else listens where a service of the floor is scraped
    - UnknownVenue: a venue that cannot be run here
    - VenueRefuses: a request that a venue answers with a code
    - FloorUnreachable: no floor runs where one was asked
"""

from collections.abc import Sequence

from tapewatch.model.errors import TapewatchError


class FloorError(TapewatchError):
    """Something about the sample floor cannot be."""


class UnknownPack(FloorError):
    """A pack for which there is no desk."""

    def __init__(self, pack: str, known: Sequence[str]) -> None:
        super().__init__(pack, tuple(known))
        self.pack = pack
        self.known = tuple(known)

    def __str__(self) -> str:
        return f"there is no desk for the pack {self.pack!r}: take {', '.join(self.known)}"


class UnknownFault(FloorError):
    """A fault that nobody has described."""

    def __init__(self, fault: str, like: str) -> None:
        super().__init__(fault, like)
        self.fault = fault
        self.like = like

    def __str__(self) -> str:
        return f"there is no fault {self.fault!r}{self.like}; `tapewatch floor faults` lists them"


class BadSchedule(FloorError):
    """A schedule of faults that cannot be read; every line that is wrong is told."""

    def __init__(self, wrong: Sequence[str]) -> None:
        super().__init__(tuple(wrong))
        self.wrong = tuple(wrong)

    def __str__(self) -> str:
        return "the schedule cannot be read: " + "; ".join(self.wrong)


class PortTaken(FloorError):
    """Somebody else listens where a service of the floor is scraped."""

    def __init__(self, who: str, port: int, why: str) -> None:
        super().__init__(who, port, why)
        self.who = who
        self.port = port
        self.why = why

    def __str__(self) -> str:
        return (
            f"{self.who} cannot listen on 127.0.0.1:{self.port} ({self.why.lower()}): "
            "stop what listens there, or name the packs that you want"
        )


class UnknownVenue(FloorError):
    """A venue that cannot be run here."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, tuple(known))
        self.name = name
        self.known = tuple(known)

    def __str__(self) -> str:
        return f"there is no venue {self.name!r}: take {', '.join(self.known)}"


class VenueRefuses(FloorError):
    """A request that a venue answers with a code; it never leaves the venue."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(status, code, words)
        self.status = status
        self.code = code
        self.words = words

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.words}"


class FloorUnreachable(FloorError):
    """No floor runs where one was asked."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(address, why)
        self.address = address
        self.why = why

    def __str__(self) -> str:
        return f"no floor answers at {self.address} ({self.why}): start one with `tapewatch floor`"
