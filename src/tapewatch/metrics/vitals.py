"""What the database tells of itself as metrics."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from tapewatch.metrics.storage.database import ROW_LOG, SERIES_LOG, Database, Tally
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, counter, family, gauge

_COUNTS: Final = (
    ("samples_total", "samples", "Samples that were kept."),
    ("exemplars_total", "exemplars", "Exemplars that were kept."),
    ("series_created_total", "series_made", "Series that were new."),
    ("seals_total", "seals", "Times that the head wrote a segment."),
    ("seal_failures_total", "seal_failures", "Times that it could not."),
    ("compactions_total", "compactions", "Files that were compacted."),
    ("compaction_failures_total", "compaction_failures", "Compactions that failed."),
    ("log_damaged_frames_total", "damaged_frames", "Damaged frames met when the log was read."),
    ("log_lost_bytes_total", "lost_bytes", "Bytes of the log that could not be read."),
    ("log_replayed_samples_total", "replayed_samples", "Samples read from the log on start."),
    ("log_replay_seconds_total", "replay_seconds", "Time that reading the log took on start."),
)
_REFUSED: Final = ("out_of_order", "duplicates", "too_old")


def families(database: Database) -> Iterator[Family]:
    """Yield what the database has counted, and how it is."""
    tally, head = database.tally, database.head
    for name, attribute, told in _COUNTS:
        yield counter(f"tapewatch_metrics_{name}", told, float(getattr(tally, attribute)))
    yield from _refusals(tally)
    yield gauge("tapewatch_metrics_series", "Series in the head.", len(head.table))
    yield gauge("tapewatch_metrics_series_limit", "Most series.", database.settings.series_max)
    yield gauge("tapewatch_metrics_head_bytes", "Samples in memory.", head.size_bytes)
    yield gauge(
        "tapewatch_metrics_log_bytes",
        "Room that the write-ahead log takes on disk.",
        sum(map(_folder_bytes, (database.folder / SERIES_LOG, database.folder / ROW_LOG))),
    )
    yield gauge("tapewatch_metrics_lanes", "Sources that bring rows.", len(head.lanes))
    yield gauge("tapewatch_metrics_segments", "Segments.", len(head.segments))
    yield gauge("tapewatch_metrics_blocks", "Blocks.", len(database.blocks))
    yield gauge(
        "tapewatch_metrics_blocks_bytes",
        "Room that blocks take on disk.",
        sum(block.size_bytes for block in database.blocks),
    )
    yield gauge(
        "tapewatch_metrics_damaged_files", "Files set aside as damaged.", len(tally.damaged_files)
    )
    yield _read_only(database)


def _folder_bytes(folder: Path) -> int:
    """Add up the files of a folder; one that is dropped meanwhile counts nothing."""
    size = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def _refusals(tally: Tally) -> Iterator[Family]:
    yield family(
        "tapewatch_metrics_samples_refused_total",
        MetricType.COUNTER,
        "Samples that were not kept, by reason.",
        [(Labels.of(reason=each), float(getattr(tally, each))) for each in _REFUSED],
    )
    yield counter(
        "tapewatch_metrics_series_refused_total",
        "New series that the limit refused.",
        tally.series_refused,
    )
    yield family(
        "tapewatch_metrics_series_refused_by_name_total",
        MetricType.COUNTER,
        "The same for the first few metrics.",
        [(Labels.of(metric=name), n) for name, n in sorted(tally.refused_names.items())],
    )


def _read_only(database: Database) -> Family:
    reason = read_only_reason(database)
    return gauge(
        "tapewatch_metrics_read_only",
        "Whether nothing can be kept at the moment; the label says why.",
        bool(reason),
        Labels.of(reason=reason),
    )


def read_only_reason(database: Database) -> str:
    """Say why nothing can be kept, or nothing."""
    return database.read_only or database.log_error() or ""
