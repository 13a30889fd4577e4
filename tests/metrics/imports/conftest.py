"""Reading a file to its end."""

import pytest

from tapewatch.metrics.imports.batch import join_batches
from tapewatch.metrics.imports.formats import Format, open_import


@pytest.fixture
def read(tmp_path):
    """Write a file, read it, and return its samples as text and its faults by place."""

    def read(content, name="x.om", form=Format.AUTO, metric=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        reader = open_import(path, form, metric)
        batch = join_batches(list(reader.batches()))
        samples = [
            (str(reader.labels[series]), at, value)
            for series, at, value in zip(
                batch.series.tolist(),
                batch.timestamps_ms.tolist(),
                batch.values.tolist(),
                strict=True,
            )
        ]
        return sorted(samples), {each.place: each.reason for each in batch.faults}

    return read
