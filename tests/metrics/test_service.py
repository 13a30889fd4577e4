"""The service as a whole: full disks, tending, settings."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from tests.faults import FaultyDisk

from tapewatch.document.errors import DocumentError
from tapewatch.document.reading import read_text
from tapewatch.document.types import Secret
from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.service import MetricsService, OwnTarget, own_job
from tapewatch.metrics.settings import MetricsSettings
from tapewatch.metrics.vitals import read_only_reason
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import named
from tapewatch.model.samples import Sample
from tapewatch.wire import snappy
from tapewatch.wire.remote_write.content import Version
from tapewatch.wire.remote_write.encode import encode_1

FILLS = Labels.of(__name__="fills_total", venue="cme")
QUIET = "scrape_configs: [{job_name: none}]"


def request(*samples):
    return snappy.compress(encode_1(samples))


def serve(folder, work, *, settings=QUIET, clock=None, disk=None):
    """Run ``work(service)`` while a service runs."""

    async def run():
        service = MetricsService(
            folder, read_text(settings, MetricsSettings), clock or ManualClock(), disk=disk
        )
        await service.start()
        try:
            return await work(service)
        finally:
            await service.stop()

    return asyncio.run(run())


async def write(service, *samples):
    return await service.write(request(*samples), Version.V1, unpacked_max=10**7)


def now_ms(service):
    return service.database.clock.now_ns() // 1_000_000


def test_a_full_disk_refuses_with_its_reason_and_heals_by_itself(tmp_path):
    disk = FaultyDisk()

    async def work(service):
        at_ms = now_ms(service)
        await write(service, Sample(FILLS, 1.0, at_ms))
        disk.room = 10
        with pytest.raises(ReadOnly, match="samples cannot be kept at the moment"):
            await write(service, Sample(FILLS, 2.0, at_ms + 1))
        assert "full" in read_only_reason(service.database)
        found = service.database.select([named("fills_total")], 0, at_ms + 10)
        assert found.parts[0].values[~np.isnan(found.parts[0].values)].tolist() == [1.0]
        disk.room = None
        receipt = await write(service, Sample(FILLS, 2.0, at_ms + 1))
        assert receipt.written.samples == 1
        assert read_only_reason(service.database) == ""

    serve(tmp_path, work, disk=disk)


def test_what_the_disk_refuses_while_tending_is_shown_and_tried_again(tmp_path):
    disk, clock = FaultyDisk(), ManualClock()

    async def work(service):
        await write(service, Sample(FILLS, 1.0, now_ms(service)))
        await clock.advance(700)
        disk.room = 10
        await service.tend()
        assert "full" in service.last_error
        disk.room = None
        await service.tend()
        assert service.last_error is None
        assert service.database.tally.seals == 1

    serve(tmp_path, work, clock=clock, disk=disk)


def test_tending_seals_and_compacts(tmp_path):
    clock = ManualClock()
    settings = f"{QUIET}\nstorage: {{seal_interval: 10s, block_span: 20s}}"

    async def work(service):
        for _ in range(4):
            await write(service, Sample(FILLS, 1.0, now_ms(service)))
            await clock.advance(11)
            await service.tend()
        tally = service.database.tally
        assert (tally.seals, tally.compactions >= 1) == (4, True)
        assert service.database.blocks

    serve(tmp_path, work, settings=settings, clock=clock)


def test_series_that_compaction_has_dropped_are_asked_for_again(tmp_path):
    async def work(service):
        at_ms = now_ms(service)
        await write(service, Sample(FILLS, 1.0, at_ms))
        head = service.database.head
        # What compaction does with series that nobody brings any more.
        from tapewatch.metrics.storage.series import new_table

        service.database.seal()
        with head.lock:
            head.keep_rows(np.empty(0, np.int64), new_table())
        receipt = await write(service, Sample(FILLS, 2.0, at_ms + 1))
        assert receipt.written.samples == 1
        assert service.database.find([named("fills_total")], at_ms + 1, at_ms + 1)[0] == FILLS

    serve(tmp_path, work)


def test_new_settings_take_hold_at_once(tmp_path):
    async def work(service):
        fresh = read_text(
            "scrape_configs: [{job_name: other}]\nstorage: {series_max: 7}\n"
            "query: {samples_max: 5}\nglobal: {external_labels: {desk: fx}}",
            MetricsSettings,
        )
        service.apply(fresh)
        assert service.scraping.pools() == ["other"]
        assert service.database.settings.series_max == 7
        assert service.engine.settings.samples_max == 5
        assert service.external_labels == Labels.of(desk="fx")

    serve(tmp_path, work)


def test_the_service_tells_how_it_is(tmp_path):
    async def work(service):
        await write(service, Sample(FILLS, 1.0, now_ms(service)))
        told = {each.name: each.samples for each in service.families()}
        assert told["tapewatch_metrics_samples_total"][0].value == 1
        assert told["tapewatch_metrics_series"][0].value == 1
        assert told["tapewatch_metrics_read_only"][0].value == 0
        assert "tapewatch_queries_total" in told
        assert "tapewatch_scrape_targets" in told

    serve(tmp_path, work)


def test_the_own_job_carries_the_token():
    job = own_job(OwnTarget("127.0.0.1:7600", Secret("hush")))
    assert job.name == "tapewatch"
    assert job.config.authorization.credentials.reveal() == "hush"
    assert own_job(OwnTarget("127.0.0.1:7600")).config.authorization is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("query: {features: [promql-binop]}", "did you mean promql-binop-fill-modifiers?"),
        ("storage: {retention_rules: [{select: '{', keep: 1d}]}", "retention_rules[0].select"),
        ("otlp: {translation_strategy: None}", "'None' is not one of"),
        ("scrape_configs: [{job_name: a}, {job_name: a}]", "another job is called 'a' too"),
        ("config_file: nowhere.yml", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_told(text, words):
    with pytest.raises(DocumentError) as caught:
        read_text(text, MetricsSettings)
    assert words in str(caught.value)


def test_a_prometheus_file_is_read_where_it_is_known_and_refused_where_it_is_not(tmp_path):
    file = tmp_path / "prometheus.yml"
    file.write_text("global: {scrape_interval: 5s}\nstorage: {tsdb: {}}\nrule_files: [a.yml]\n")
    settings = replace(read_text(QUIET, MetricsSettings), scrape_configs=(), config_file=file)
    assert settings.scraping().global_.scrape_interval == 5_000
    file.write_text("globl: {}\n")
    with pytest.raises(DocumentError, match="is no section; did you mean global"):
        settings.jobs()
