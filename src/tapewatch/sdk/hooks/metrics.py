"""
Every metric that the hooks write: one table, from which the documentation and the catalog's base
packs are checked.
"""

from typing import Final

from tapewatch.sdk.instruments import Counter, Gauge, Timer

HTTP_CUTS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1, 2.5, 5, 10)
_REQUEST: Final = ("service", "method", "endpoint")
_VENUE: Final = ("venue", "channel")

# Web servers

HTTP_REQUESTS: Final = Counter(
    "http_requests_total", "Requests that were answered", labels=(*_REQUEST, "status")
)
HTTP_ERRORS: Final = Counter(
    "http_request_errors_total",
    "Requests whose answer was an error of ours (5xx), or none",
    labels=_REQUEST,
)
HTTP_DURATION: Final = Timer(
    "http_request_duration_seconds",
    "From the first byte of the request to the last of the answer",
    labels=_REQUEST,
    cuts=HTTP_CUTS,
)
HTTP_IN_FLIGHT: Final = Gauge(
    "http_requests_in_flight", "Requests that are being worked on", labels=("service",)
)

# Requests to venues

VENUE_REQUESTS: Final = Counter(
    "venue_requests_total",
    "Requests to a venue, by what it answered",
    labels=("venue", "endpoint", "status"),
)
VENUE_ERRORS: Final = Counter(
    "venue_request_errors_total",
    "Requests to a venue that failed",
    labels=("venue", "endpoint", "error"),
)
VENUE_SECONDS: Final = Timer(
    "venue_request_seconds",
    "From a request to a venue to its answer",
    labels=("venue", "endpoint"),
)

# Connections to venues

VENUE_CONNECTED: Final = Gauge(
    "venue_connected", "Whether a connection to a venue stands", labels=_VENUE
)
VENUE_CONNECTS: Final = Counter(
    "venue_connects_total", "Connections that were opened", labels=_VENUE
)
VENUE_DISCONNECTS: Final = Counter(
    "venue_disconnects_total", "Connections that ended, by why", labels=(*_VENUE, "reason")
)

# The process

LOOP_LAG: Final = Gauge(
    "event_loop_lag_seconds", "How late the event loop was at the last look", unit="seconds"
)

# ZeroMQ

ZMQ_PUBLISHED: Final = Counter(
    "zmq_messages_published_total", "Messages that were sent", labels=("service", "topic")
)
ZMQ_RECEIVED: Final = Counter(
    "zmq_messages_received_total", "Messages that were received", labels=("service", "topic")
)
ZMQ_REFUSED: Final = Counter(
    "zmq_messages_refused_total",
    "Messages that were not sent because the queue was full",
    labels=("service", "topic"),
)
ZMQ_PEERS: Final = Gauge("zmq_peers", "Connections of a socket", labels=("service", "socket"))

# Strategies

POSITION_QUANTITY: Final = Gauge(
    "position_quantity",
    "What we hold, by our own books",
    labels=("venue", "strategy", "symbol"),
)
QUEUE_DEPTH: Final = Gauge(
    "trading_engine_queue_depth", "Messages that wait for an engine", labels=("engine", "queue")
)
ENGINE_CONNECTED: Final = Gauge(
    "trading_engine_connected", "Whether all clients of an engine are connected", labels=("engine",)
)
