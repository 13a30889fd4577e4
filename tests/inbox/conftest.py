"""Inboxes that run during a test, on ports that are free."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from tapewatch.inbox.inbox import Inbox
from tapewatch.model.clock import ManualClock


@asynccontextmanager
async def opened(**options):
    inbox = Inbox(ManualClock(), **options)
    inbox.bind(0)
    await inbox.start()
    try:
        async with httpx.AsyncClient(base_url=inbox.url, trust_env=False) as client:
            yield inbox, client
    finally:
        await inbox.stop()


@pytest.fixture
def visit():
    """Run a scenario with an inbox and a client of it."""

    def run(scenario, **options):
        async def play():
            async with opened(**options) as (inbox, client):
                return await scenario(inbox, client)

        return asyncio.run(play())

    return run
