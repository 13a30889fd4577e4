"""What a service that answers HTTP tells."""

from collections.abc import Sequence
from typing import Final

from tapewatch.floor.numbers import Numbers
from tapewatch.floor.voices.scene import Scene, Voice

ERROR_SHARE: Final = 0.0005
ENDPOINTS: Final = (("GET", "/v1/state", 0.020), ("POST", "/v1/orders", 0.035))
"""Method, path and the median of the duration in seconds."""


def web_service(
    per_second: float = 6.0, endpoints: Sequence[tuple[str, str, float]] = ENDPOINTS
) -> Voice:
    """Give the voice of a service that is asked so often."""

    def voice(numbers: Numbers, scene: Scene) -> None:
        numbers.put("http_requests_in_flight", scene.rng.randrange(4), service=scene.service)
        for method, endpoint, median_s in endpoints:
            place = {"service": scene.service, "method": method, "endpoint": endpoint}
            count = scene.times(per_second / len(endpoints))
            errors = sum(scene.rng.random() < ERROR_SHARE for _ in range(count))
            numbers.add("http_requests_total", count - errors, **place, status="200")
            numbers.add("http_requests_total", errors, **place, status="500")
            numbers.add("http_request_errors_total", errors, **place)
            for _ in range(count):
                numbers.see(
                    "http_request_duration_seconds", scene.long_tail(median_s, 0.5), **place
                )

    return voice
