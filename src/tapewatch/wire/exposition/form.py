"""Which form of an exposition a reader wants, from its ``Accept`` header."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from tapewatch.wire.exposition.escape import Escaping

_PROTOBUF_TYPE: Final = "application/vnd.google.protobuf"
_OPENMETRICS_TYPE: Final = "application/openmetrics-text"
_TEXT_TYPE: Final = "text/plain"


class FormKind(StrEnum):
    """The three families of forms."""

    TEXT = "text"
    OPENMETRICS = "openmetrics"
    PROTOBUF = "protobuf"


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which an exposition can be written."""

    kind: FormKind
    version: str = ""
    escaping: Escaping = Escaping.UNDERSCORES

    @property
    def content_type(self) -> str:
        """The header that names this form."""
        if self.kind is FormKind.PROTOBUF:
            head = f"{_PROTOBUF_TYPE}; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        elif self.kind is FormKind.OPENMETRICS:
            head = f"{_OPENMETRICS_TYPE}; version={self.version}; charset=utf-8"
        else:
            head = f"{_TEXT_TYPE}; version={self.version}; charset=utf-8"
        return f"{head}; escaping={self.escaping}"


PLAIN_TEXT: Final = Form(FormKind.TEXT, "0.0.4")


_PROTOBUF_WISH: Final = (
    f"{_PROTOBUF_TYPE};proto=io.prometheus.client.MetricFamily;encoding=delimited"
)
_TEXT_WISHES: Final = (
    f"{_OPENMETRICS_TYPE};version=1.0.0;escaping=allow-utf-8",
    f"{_OPENMETRICS_TYPE};version=0.0.1",
    f"{_TEXT_TYPE};version=1.0.0;escaping=allow-utf-8",
    f"{_TEXT_TYPE};version=0.0.4",
    "*/*",
)


class _Wish(NamedTuple):
    media_type: str
    parameters: dict[str, str]
    weight: float


def negotiate(accept: str) -> Form:
    """Choose the form that the header weighs highest; the plain text where it names none."""
    wishes = sorted(_wishes(accept), key=lambda wish: -wish.weight)
    for wish in wishes:
        form = _form(wish)
        if form is not None and wish.weight > 0:
            return form
    return PLAIN_TEXT


def accept_header(*, native_histograms: bool = False) -> str:
    """Say to a target which forms we read, the best first; native histograms need protobuf."""
    wishes = (_PROTOBUF_WISH, *_TEXT_WISHES) if native_histograms else _TEXT_WISHES
    return ",".join(f"{wish};q=0.{6 - place}" for place, wish in enumerate(wishes))


def form_of(content_type: str) -> Form | None:
    """Return the form that a target's answer is in; None for a type that is no exposition."""
    wish = next(_wishes(content_type), None)
    return None if wish is None or wish.media_type == "*/*" else _form(wish)


def _form(wish: _Wish) -> Form | None:
    version = wish.parameters.get("version", "")
    escaping = _escaping(wish.parameters.get("escaping", ""))
    if wish.media_type in (_TEXT_TYPE, "text/*", "*/*"):
        if version not in ("", "0.0.4", "1.0.0"):
            return None
        return Form(FormKind.TEXT, version or "0.0.4", escaping)
    if wish.media_type == _OPENMETRICS_TYPE and version in ("", "0.0.1", "1.0.0"):
        return Form(FormKind.OPENMETRICS, version or "1.0.0", escaping)
    if wish.media_type == _PROTOBUF_TYPE and _is_delimited_family(wish.parameters):
        return Form(FormKind.PROTOBUF, "", escaping)
    return None


def _is_delimited_family(parameters: dict[str, str]) -> bool:
    message = parameters.get("proto", "")
    return message == "io.prometheus.client.MetricFamily" and (
        parameters.get("encoding", "") == "delimited"
    )


def _escaping(text: str) -> Escaping:
    try:
        return Escaping(text)
    except ValueError:
        return Escaping.UNDERSCORES


def _wishes(header: str) -> Iterator[_Wish]:
    for part in header.split(","):
        media_type, *rest = (piece.strip() for piece in part.split(";"))
        parameters = {}
        for parameter in rest:
            name, _, value = parameter.partition("=")
            parameters[name.strip().lower()] = value.strip().strip('"')
        if media_type:
            yield _Wish(media_type.lower(), parameters, _weight(parameters.pop("q", "1")))


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
