"""Which version of remote write a request is, from its headers."""

from enum import StrEnum

from tapewatch.wire.errors import UnsupportedContent


class Version(StrEnum):
    """The two versions, by the name of their message."""

    V1 = "prometheus.WriteRequest"
    V2 = "io.prometheus.write.v2.Request"


def version_of(content_type: str, content_encoding: str) -> Version:
    """
    Read the version; raises ``UnsupportedContent``, which is answered with 415.

    A missing encoding counts as snappy, and ``application/x-protobuf`` alone as version 1.0.
    """
    encoding = content_encoding.strip().lower()
    if encoding not in ("", "snappy"):
        raise UnsupportedContent("Content-Encoding", content_encoding, "send snappy blocks")
    media_type, *parameters = (piece.strip() for piece in content_type.split(";"))
    if media_type.lower() != "application/x-protobuf":
        raise UnsupportedContent("Content-Type", content_type, "send application/x-protobuf")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            return _version(content_type, value.strip().strip('"'))
    return Version.V1


def _version(content_type: str, message: str) -> Version:
    try:
        return Version(message)
    except ValueError:
        known = " or ".join(Version)
        remedy = f"the message has to be {known}"
        raise UnsupportedContent("Content-Type", content_type, remedy) from None
