"""
The command: a program of the house gets the message as JSON on its standard input.

It is started without a shell, with an empty environment but for what is set, and ended when its
time is over. It says by its exit status what happened: 0 is delivered, 75 (EX_TEMPFAIL) asks for
another attempt, anything else is a refusal.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final

import orjson

from tapewatch.alerting.channels.base import BaseChannel
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit
from tapewatch.alerting.channels.settings.command import CommandSettings
from tapewatch.alerting.channels.webhook import document
from tapewatch.alerting.outbox import Parcel

TEMPFAIL: Final = 75
WORDS_MAX: Final = 200
DRAIN_SECONDS: Final = 1.0
"""A grandchild may hold the output open."""

PATH: Final = "/usr/local/bin:/usr/bin:/bin"


class CommandChannel(BaseChannel[CommandSettings]):
    """Starts a program for each notification."""

    kind = "command"
    usual_pace = Pace(5.0, 5)
    inside = True

    @cached_property
    def destination(self) -> str:
        """The program."""
        return f"command {self.settings.command[0]}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Start the program, hand it the message, and wait for it."""
        told = {
            **document(parcel, message),
            "title": message.story.title,
            "text": message.story.plain(),
            "delivery": parcel.idempotency_key,
        }
        settings = self.settings
        return await run_program(
            settings.command,
            orjson.dumps(told),
            environment=settings.environment,
            timeout_seconds=self.timeout_seconds,
        )


async def run_program(
    command: Sequence[str],
    told: bytes,
    *,
    environment: Mapping[str, str],
    timeout_seconds: float,
) -> Outcome:
    """Start a program without a shell, hand it ``told``, and judge how it ended."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ.get("PATH", PATH), **environment},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            output, _ = await process.communicate(told)
    except TimeoutError:
        return Retry(None, f"did not end within {timeout_seconds:g} s and was ended")
    finally:
        await _end(process)
    return _judged(process.returncode or 0, output)


def _judged(status: int, output: bytes) -> Outcome:
    said = fit(" ".join(output.decode("utf-8", "replace").split()), WORDS_MAX)
    words = f"exit status {status}" + (f": {said}" if said else "")
    if status == 0:
        return Delivered(detail=words)
    return Retry(None, words) if status == TEMPFAIL else Refused(words)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # The program leads a session of its own; its children go with it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await process.wait()
    # Its pipe closes when the end of it is read, which a cut-off conversation did not get to.
    if process.stdout is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await process.stdout.read()
