"""An engine with samples of its own, and a desk that remembers what it was told."""

import numpy as np

from tapewatch.metrics.intake import Loose
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.watch.rules.files import read_rules_text
from tapewatch.watch.rules.group import Group, Usual
from tapewatch.watch.rules.promql import EngineEvaluator, PromQL
from tapewatch.watch.rules.rule import Surroundings

NS = 10**9


def read(text):
    return read_rules_text(text, PromQL(), file="rules.yml")


class Desk:
    """Rules over a database of their own; time is moved by hand, in seconds."""

    def __init__(self, folder, clock=None, **around):
        self.clock = clock or ManualClock()
        self.start_ns = self.clock.now_ns()
        self.now_ns = self.start_ns
        self.told = []
        self.open(folder, **around)

    def open(self, folder, **around):
        self.database = Database(folder, StorageSettings(out_of_order_window=3_600_000), self.clock)
        engine = Engine()
        self.evaluator = EngineEvaluator(lambda: engine, self.database)
        self.around = Surroundings(self.evaluator, self.database, **around)

    def close(self):
        self.database.close()

    def reopen(self, folder, **around):
        """Restart: the database is opened again."""
        self.close()
        self.open(folder, **around)

    def group(self, text, *, restores=False, usual=None):
        return Group(read(text)[0], usual or Usual(), restores=restores)

    def write(self, **values):
        """Write a value for each metric now; ``m__x`` is ``m{n="x"}``."""
        for name, value in values.items():
            metric, _, n = name.partition("__")
            ids = self.database.series([Labels.of(__name__=metric, n=n)])
            at_ms = self.now_ns // 1_000_000
            self.database.append(Loose(ids, np.array([at_ms]), np.array([float(value)])))

    def turn(self, group, seconds=0):
        """Move time and evaluate."""
        self.wait(seconds)
        told = []
        group.turn(self.around, self.now_ns, lambda alerts, now_ns: told.extend(alerts))
        self.told += told
        return told

    def wait(self, seconds):
        self.now_ns += round(seconds * NS)
        self.clock.step(seconds)

    def ask(self, text):
        """Return the answer now: labels as text, and value."""
        vector = self.evaluator.evaluate(text, self.now_ns // 1_000_000, timeout_s=5)
        return {str(labels): vector.value(row) for row, labels in enumerate(vector.labels)}
