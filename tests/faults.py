"""
A disk that does what disks do on their worst day.

It writes through to real files, remembers what was synced, and on ``lose_power`` takes back
everything else: bytes after the last sync, names that were never synced in their folder. It can
also run full, fail to sync, and stop the world at a chosen operation.
"""

from pathlib import Path

from tapewatch.store.disk import RealDisk, RealFile
from tapewatch.store.errors import DiskFailed, DiskFull


class PowerCut(BaseException):
    """The moment at which the machine stopped."""


class FaultyFile(RealFile):
    def __init__(self, path, disk):
        super().__init__(path)
        self.path, self.disk, self.durable = path, disk, 0

    def write(self, parts):
        parts = [memoryview(part).cast("B") for part in parts]
        total = sum(part.nbytes for part in parts)
        self.disk.step()
        if self.disk.room is not None:
            if total > self.disk.room:
                raise DiskFull(self.path)
            self.disk.room -= total
        super().write(parts)

    def sync(self):
        self.disk.step()
        if self.disk.failing_syncs:
            self.disk.failing_syncs -= 1
            raise DiskFailed(self.path, "Input/output error")
        super().sync()
        self.durable = self.size


class FaultyDisk(RealDisk):
    def __init__(self):
        self.room = None
        self.failing_syncs = 0
        self.steps_left = None
        self.files = {}
        self.unsynced_names = {}

    def step(self):
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise PowerCut

    def create(self, path):
        self.step()
        before = self.files.get(path)
        file = self.files[path] = FaultyFile(path, self)
        self.unsynced_names.setdefault(path.parent, []).append(("create", path, before))
        return file

    def rename(self, old, new):
        self.step()
        replaced = new.read_bytes() if new.exists() else None
        super().rename(old, new)
        self.unsynced_names.setdefault(new.parent, []).append(("rename", old, new, replaced))
        if old in self.files:
            self.files[new] = self.files.pop(old)

    def remove(self, path):
        self.step()
        super().remove(path)
        self.files.pop(path, None)

    def sync_folder(self, folder: Path):
        self.step()
        super().sync_folder(folder)
        self.unsynced_names.pop(folder, None)

    def lose_power(self):
        """Leave on disk only what was synced."""
        self.steps_left = None
        # The log's own thread may not have noticed yet, and make another file meanwhile.
        for path, file in list(self.files.items()):
            if path.exists():
                with path.open("r+b") as real:
                    real.truncate(min(file.durable, path.stat().st_size))
        for changes in list(self.unsynced_names.values()):
            for change in reversed(changes):
                self._take_back(*change)
        self.files.clear()
        self.unsynced_names.clear()

    def _take_back(self, kind, *names):
        if kind == "create":
            names[0].unlink(missing_ok=True)
            return
        old, new, replaced = names
        if new.exists():
            new.replace(old)
        if replaced is not None:
            new.write_bytes(replaced)
