"""The file: one line of JSON for each notification, for archives and for whatever reads files."""

import os
from functools import cached_property

import orjson

from tapewatch.alerting.channels.base import BaseChannel
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.settings.file import FileSettings
from tapewatch.alerting.channels.webhook import document
from tapewatch.alerting.outbox import Parcel
from tapewatch.model.durations import format_time_ns


class FileChannel(BaseChannel[FileSettings]):
    """Appends to a file; a line is on disk when it counts as delivered."""

    kind = "file"
    usual_pace = Pace(10_000.0, 1_000)
    inside = True

    @cached_property
    def destination(self) -> str:
        """The file."""
        return f"file {self.settings.path}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Append a line."""
        line = {
            "time": format_time_ns(self.clock.now_ns()),
            "delivery": parcel.idempotency_key,
            "title": message.story.title,
            "text": message.story.plain(),
            **document(parcel, message),
        }
        self._append(orjson.dumps(line) + b"\n")
        return Delivered(detail=f"written to {self.settings.path}")

    def _append(self, line: bytes) -> None:
        path = self.settings.path
        if path.exists() and path.stat().st_size + len(line) > self.settings.size_max:
            path.replace(path.with_name(f"{path.name}.1"))
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
