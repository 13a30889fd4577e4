import asyncio
import socket
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.floor.play import SMALL

from tapewatch.floor.doors import Doors, live
from tapewatch.floor.errors import PortTaken
from tapewatch.floor.floor import Floor
from tapewatch.model.clock import ManualClock


@asynccontextmanager
async def opened(memory, *packs):
    clock = ManualClock()
    floor = Floor.of(packs, seed=1, now_s=clock.now_ns() / 1e9, size=SMALL, folder=memory)
    doors = Doors(floor, clock)
    control = doors.open(0, any_port=True)
    ports = {name: port for port, name in doors.ports.items()}
    running = asyncio.create_task(live(floor, doors, clock, speed=1.0))
    await clock.advance(1.0)
    async with httpx.AsyncClient(base_url="http://127.0.0.1", trust_env=False) as client:
        yield client, clock, ports, f"http://127.0.0.1:{control}"
    doors.stop()
    await running
    doors.close()
    floor.close()


async def scraped(client, port):
    return await client.get(f"http://127.0.0.1:{port}/metrics")


def test_every_service_is_scraped_at_its_port_with_its_own_labels_alone(memory):
    async def scenario():
        async with opened(memory, "low_latency") as (client, _, ports, _control):
            assert set(ports) == {
                *("market_data", "signal_bridge", "risk_manager", "execution_engine")
            }
            answer = await scraped(client, ports["risk_manager"])
            assert answer.status_code == 200
            lines = answer.text.splitlines()
            assert 'risk_manager_pretrade_check_latency_us_bucket{check_type="position_limit"' in (
                answer.text
            )
            assert 'system_cpu_usage_percent{service="risk_manager"}' in answer.text
            assert not [line for line in lines if "instance=" in line]
            (beat,) = [line for line in lines if line.startswith("region_heartbeat_timestamp")]
            assert float(beat.split()[-1]) > 1e9

    asyncio.run(scenario())


def test_a_fault_is_begun_seen_listed_and_ended_over_the_control(memory):
    async def scenario():
        async with opened(memory, "forex") as (client, clock, ports, control):
            begun = await client.post(f"{control}/faults/cache_loss", params={"for": "1m"})
            assert begun.json()["fires"] == ["CacheDown", "SignalCacheGone", "MarketDataCacheGone"]
            await clock.advance(0.5)
            assert "\nredis_up 0" in (await scraped(client, ports["redis_exporter"])).text
            listed = (await client.get(f"{control}/faults")).json()
            assert [each["name"] for each in listed["running"]] == ["cache_loss"]
            ended = await client.delete(f"{control}/faults/cache_loss")
            assert ended.json()["ended"]
            assert ended.json()["costs"]["forex"]["orders_wanted"] > 0
            (running,) = listed["running"]
            assert running["costs"]["forex"] == ended.json()["costs"]["forex"]
            await clock.advance(0.5)
            assert "\nredis_up 1" in (await scraped(client, ports["redis_exporter"])).text

    asyncio.run(scenario())


def test_a_dead_service_does_not_answer_its_scraper_and_comes_back(memory):
    async def scenario():
        async with opened(memory, "equities") as (client, clock, ports, control):
            await client.post(f"{control}/faults/service_death", params={"for": "1m"})
            await clock.advance(0.5)
            assert (await scraped(client, ports["execution_gateway"])).status_code == 503
            assert (await scraped(client, ports["orchestrator"])).status_code == 200
            await clock.advance(61)
            assert (await scraped(client, ports["execution_gateway"])).status_code == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/faults/feed_stal", 404, "there is no fault 'feed_stal'"),
        ("/faults/feed_stall?for=soon", 400, "soon"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_the_reason(path, status, words, memory):
    async def scenario():
        async with opened(memory, "equities") as (client, _, _ports, control):
            answer = await client.post(control + path)
            assert answer.status_code == status
            assert words in answer.json()["error"]

    asyncio.run(scenario())


def test_the_control_answers_neither_pages_of_a_browser_nor_at_the_ports_of_services(memory):
    async def scenario():
        async with opened(memory, "equities") as (client, _, ports, control):
            page = {"origin": "https://elsewhere.example"}
            answer = await client.post(f"{control}/faults/feed_stall", headers=page)
            assert answer.status_code == 403
            other = f"http://127.0.0.1:{ports['orchestrator']}/faults"
            assert (await client.get(other)).status_code == 403
            assert (await client.get(f"{control}/metrics")).status_code == 404

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_told_with_who_wants_it(memory):
    floor = Floor.of(["equities"], seed=1, now_s=1e9, size=SMALL, folder=memory)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        doors = Doors(floor, ManualClock())
        with pytest.raises(PortTaken, match=f"the control cannot listen on 127.0.0.1:{port}"):
            doors.open(port, any_port=True)
    floor.close()
