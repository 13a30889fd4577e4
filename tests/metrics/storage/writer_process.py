"""A process that writes samples and says what it was told is kept, until somebody kills it."""

import random
import sys
from pathlib import Path

import numpy as np

from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels

T0 = 1_700_000_000_000


def main(folder: str, seed: int, begin: int) -> None:
    rng = random.Random(seed)
    settings = StorageSettings(block_span=50, retention=10**9, commit_interval=5)
    database = Database(Path(folder), settings, ManualClock((T0 + begin) * 1_000_000))
    lane = database.lane("t")
    lane.extend([Labels.of(__name__="lane", i=str(i)) for i in range(50)])
    (number,) = database.series([Labels.of(__name__="loose")])
    compactor = Compactor(database)
    print("open", flush=True)
    for at in range(begin, begin + 100_000):
        lane.append(Row(T0 + at, np.arange(50) + float(at)))
        one = np.array([number])
        database.append(Loose(one, np.array([T0 + at]), np.array([float(at)])))
        print(at, flush=True)
        chance = rng.random()
        if chance < 0.1:
            database.seal()
        elif chance < 0.14:
            compactor.run_all()
        elif chance < 0.15:
            wanted = [Labels.of(__name__="churn", at=str(at))]
            database.series(wanted)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
