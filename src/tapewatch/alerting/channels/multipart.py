"""Bodies with several parts: fields and files."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    name: str
    content_type: str
    data: bytes


def multipart(
    fields: Mapping[str, str], files: Mapping[str, Upload], random: Random
) -> tuple[bytes, str]:
    """Write a form; returns the body and its content type."""
    boundary = f"tapewatch-{random.getrandbits(96):024x}"
    parts = [_part(boundary, f'name="{name}"', "", text.encode()) for name, text in fields.items()]
    for name, file in files.items():
        kind = f"Content-Type: {file.content_type}\r\n"
        parts.append(_part(boundary, f'name="{name}"; filename="{file.name}"', kind, file.data))
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, words: str, head: str, data: bytes) -> bytes:
    first = f"--{boundary}\r\nContent-Disposition: form-data; {words}\r\n{head}\r\n"
    return first.encode() + data + b"\r\n"
