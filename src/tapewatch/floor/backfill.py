"""Writes a drawn past into whatever keeps metrics: a server that runs, or a directory at rest."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tapewatch.client.keeping import Writer
from tapewatch.floor.past import Days, pasts
from tapewatch.floor.size import Size
from tapewatch.metrics.imports.batch import Batch
from tapewatch.model.labels import Labels

HISTOGRAM_DAYS: Final = 3
"""Native histograms are large, so only the last days have them."""


def fill(
    writer: Writer, days: Days, packs: Sequence[str], *, seed: int, size: Size
) -> dict[str, int]:
    """Write the past of some desks; how much that was."""
    labels: list[Labels] = []
    samples = 0
    last = int(HISTOGRAM_DAYS * 86_400 / days.every_s)
    for past in pasts(days, packs, seed=seed, size=size, last=last):
        number = np.full(len(past.values), len(labels), dtype=np.int64)
        labels.append(past.labels)
        samples += len(past.values)
        writer.write(labels, Batch(number, past.timestamps_ms, past.values, past.histograms))
    writer.close()
    return {"series": len(set(labels)), "samples": samples, "incidents": len(days.spans)}
