"""Forms with files, as services take them beside JSON."""

import email
from email import policy

from tapewatch.inbox.errors import Unreadable


def read_form(
    service: str, content_type: str, body: bytes
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read ``multipart/form-data``: the fields, and the names of the files."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii", "replace")
    form = email.message_from_bytes(head + body, policy=policy.HTTP)
    if not form.is_multipart():
        raise Unreadable(service, "the body is neither JSON nor a form with parts")
    fields: dict[str, str] = {}
    files: list[str] = []
    for part in form.iter_parts():
        name = part.get_param("name", "", "content-disposition")
        if file := part.get_filename():
            files.append(file)
        else:
            content = part.get_payload(decode=True)
            fields[str(name)] = content.decode() if isinstance(content, bytes) else ""
    return fields, tuple(files)
