"""What every process tells of itself."""

from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene

MEMORY_BYTES: Final = 180e6
CPU_SHARE: Final = 0.15


def process(numbers: Numbers, scene: Scene) -> None:
    """Tell of memory, CPU, files and the event loop."""
    numbers.add("process_cpu_seconds_total", scene.near(CPU_SHARE, 0.2) * scene.seconds)
    numbers.put("process_resident_memory_bytes", scene.near(MEMORY_BYTES, 0.002))
    numbers.put("process_virtual_memory_max_bytes", -1.0)
    numbers.put("process_open_fds", 40 + scene.rng.randrange(6))
    numbers.put("process_max_fds", 1024)
    numbers.put("process_start_time_seconds", scene.began_s)
    numbers.put("event_loop_lag_seconds", scene.long_tail(0.0008, 0.5))
