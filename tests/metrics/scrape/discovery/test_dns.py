import asyncio
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.scrape.discovery.dns import DnsDiscovery, DnsSettings
from tapewatch.metrics.scrape.discovery.resolver import (
    Record,
    RecordType,
    Resolver,
    ResolverSettings,
    read_answer,
)
from tapewatch.metrics.scrape.errors import DiscoveryFailed, LookupFailed
from tapewatch.model.clock import ManualClock


def encoded(name):
    parts = [part.encode() for part in name.rstrip(".").split(".") if part]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def record(kind, data):
    # The name points at the question, which begins behind the header.
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


SRV = RecordType.SRV, struct.pack("!HHH", 0, 5, 9100) + encoded("node1.desk.local")
A = RecordType.A, bytes([10, 0, 0, 7])
AAAA = RecordType.AAAA, bytes(15) + b"\x01"
MX = RecordType.MX, struct.pack("!H", 10) + encoded("mail.desk.local")
NS = RecordType.NS, encoded("ns.desk.local")
CNAME = 5, encoded("other.desk.local")


class FakeDns(asyncio.DatagramProtocol):
    """Answers from a table of (name, kind); unknown names do not exist."""

    def __init__(self, table, truncate=False):
        self.table = table
        self.truncate = truncate
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(self.said(data, truncate=self.truncate), addr)

    def said(self, data, *, truncate=False):
        name, end = self.question(data)
        (kind,) = struct.unpack("!H", data[end : end + 2])
        self.asked.append(name)
        records = self.table.get((name, kind))
        code = 3 if records is None else records if isinstance(records, int) else 0
        listed = records if isinstance(records, list) and not truncate else []
        flags = 0x8180 | code | (0x0200 if truncate else 0)
        header = data[:2] + struct.pack("!5H", flags, 1, len(listed), 0, 0)
        return header + data[12 : end + 4] + b"".join(record(*each) for each in listed)

    @staticmethod
    def question(data):
        at, parts = 12, []
        while data[at]:
            parts.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        return ".".join(parts) + ".", at + 1


def resolved(table, work, *, search=(), truncate=False):
    """Run ``work(resolver, dns)`` against a DNS server on UDP and TCP."""

    async def run():
        loop = asyncio.get_running_loop()

        async def over_tcp(reader, writer):
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            said = dns.said(await reader.readexactly(size))
            writer.write(struct.pack("!H", len(said)) + said)
            writer.close()

        # TCP takes the port first: somebody else's connection may hold it there, not on UDP.
        server = await asyncio.start_server(over_tcp, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport, dns = await loop.create_datagram_endpoint(
            lambda: FakeDns(table, truncate), local_addr=("127.0.0.1", port)
        )
        settings = ResolverSettings((("127.0.0.1", port),), search, timeout_seconds=0.2, attempts=1)
        try:
            await work(Resolver(settings), dns)
        finally:
            server.close()
            transport.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "records", "expected"),
    [
        (RecordType.SRV, [SRV], [Record("node1.desk.local.", 9100)]),
        (RecordType.A, [CNAME, A], [Record("10.0.0.7")]),
        (RecordType.AAAA, [AAAA], [Record("::1")]),
        (RecordType.MX, [MX], [Record("mail.desk.local.")]),
        (RecordType.NS, [NS], [Record("ns.desk.local.")]),
    ],
)
@pytest.mark.parametrize("truncate", [False, True])
def test_records_are_read(kind, records, expected, truncate):
    async def work(resolver, dns):
        assert await resolver.lookup("x.desk.local", kind) == expected

    resolved({("x.desk.local.", kind): records}, work, truncate=truncate)


def test_a_name_that_does_not_exist_has_no_records():
    async def work(resolver, dns):
        assert await resolver.lookup("nobody.local", RecordType.A) == []

    resolved({}, work)


def test_short_names_follow_the_search_path():
    async def work(resolver, dns):
        assert await resolver.lookup("gateway", RecordType.A) == [Record("10.0.0.7")]
        assert dns.asked == ["gateway.desk.local."]
        assert await resolver.lookup("gateway.", RecordType.A) == []

    resolved({("gateway.desk.local.", 1): [A]}, work, search=("desk.local",))


def test_a_server_that_refuses_is_a_failure():
    async def work(resolver, dns):
        with pytest.raises(LookupFailed, match=r"A records of x\. cannot .* with code 2"):
            await resolver.lookup("x.", RecordType.A)

    resolved({("x.", 1): 2}, work)


def test_a_server_that_is_silent_is_a_failure():
    async def work(resolver, dns):
        dns.said = lambda data, truncate=False: b"??"
        with pytest.raises(LookupFailed, match=r"did not answer within 0\.2 s"):
            await resolver.lookup("x.", RecordType.A)

    resolved({}, work)


@given(st.binary(max_size=80))
def test_no_message_breaks_the_reader(tail):
    message = struct.pack("!6H", 7, 0x8180, 1, 2, 0, 0) + tail
    with suppress(LookupFailed):
        read_answer(message, 7, RecordType.SRV)


def test_the_system_is_asked_for_servers():
    text = "# mine\nnameserver 10.0.0.2\nnameserver ::1\nsearch a.local b.local.\n"
    text += "options ndots:2 timeout:1 attempts:3 rotate\n"
    settings = ResolverSettings.from_text(text)
    assert settings.servers == (("10.0.0.2", 53), ("::1", 53))
    assert (settings.timeout_seconds, settings.attempts) == (1.0, 3)
    assert settings.names("x.y") == ["x.y.a.local.", "x.y.b.local.", "x.y."]
    assert ResolverSettings.from_text("").servers == (("127.0.0.1", 53),)


def test_records_become_targets():
    async def work(resolver, dns):
        settings = DnsSettings(names=("x.local.", "y.local."))
        first, second = await DnsDiscovery(settings, ManualClock(), resolver).ask()
        assert first.targets == (
            {
                "__address__": "node1.desk.local:9100",
                "__meta_dns_name": "x.local.",
                "__meta_dns_srv_record_target": "node1.desk.local.",
                "__meta_dns_srv_record_port": "9100",
            },
        )
        assert second.targets == ()
        settings = DnsSettings(names=("x.local.",), type="AAAA", port=9000)
        (group,) = await DnsDiscovery(settings, ManualClock(), resolver).ask()
        assert group.targets[0]["__address__"] == "[::1]:9000"

    resolved({("x.local.", 33): [SRV], ("x.local.", 28): [AAAA]}, work)


def test_a_name_that_cannot_be_looked_up_keeps_its_targets():
    async def work(resolver, dns):
        settings = DnsSettings(names=("x.local.",), type="A", port=1)
        asking = DnsDiscovery(settings, ManualClock(), resolver)
        await asking.ask()
        dns.table = {("x.local.", 1): 2}
        with pytest.raises(DiscoveryFailed, match="dns discovery: A records of x"):
            await asking.ask()

    resolved({("x.local.", 1): [A]}, work)
