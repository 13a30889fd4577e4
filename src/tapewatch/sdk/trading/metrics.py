"""
Every metric that the trading objects write: one table, from which the documentation and the
catalog's base packs are checked.

Names begin with the trading noun they tell of and end in their unit; times are Unix seconds under
``…_timestamp_seconds`` and durations ``…_seconds``. What is 0 although it is a time has not
happened.
"""

from typing import Final

from tapewatch.sdk.instruments import Counter, Gauge, Histogram, Note, State, Timer

_ORDER: Final = ("venue", "strategy")
_FEED: Final = ("venue", "channel", "symbol")
_FEEDS_MAX: Final = 20_000
"""A feed for each symbol and channel of a few venues; each has a dozen series."""
_LIMIT: Final = ("venue", "account", "scope", "limit")

# Orders

ORDER_STAGES: Final = Counter(
    "order_stages_total", "Orders that reached a stage", labels=(*_ORDER, "stage")
)
ORDER_STAGE: Final = Timer(
    "order_stage_seconds",
    "Time between two stages of an order",
    labels=(*_ORDER, "from", "to"),
    unit="seconds",
)
ORDER_LIFE: Final = Timer(
    "order_life_seconds", "Time from the signal to the end of an order", labels=_ORDER
)
TICK_TO_TRADE: Final = Timer(
    "order_tick_to_trade_seconds",
    "Time from the arrival of the message that led to an order until it was sent",
    labels=_ORDER,
)
ORDERS_OPEN: Final = Gauge("orders_open", "Orders that have begun and not ended", labels=_ORDER)
ORDERS_OLDEST: Final = Gauge(
    "orders_oldest_open_timestamp_seconds",
    "When the oldest open order began; 0 where none is open",
    labels=_ORDER,
    unit="seconds",
)
ORDERS_ORPHANED: Final = Gauge(
    "orders_orphaned", "Open orders older than their limit, at the last sweep", labels=_ORDER
)
ORDER_MARK_FAULTS: Final = Counter(
    "order_mark_faults_total",
    "Marks that were no step of an order's life",
    labels=(*_ORDER, "fault"),
)

# Executions

SLIPPAGE: Final = Histogram(
    "order_slippage_bps",
    "What a fill cost against its reference price, in basis points; below zero it was better",
    labels=(*_ORDER, "side"),
    unit="bps",
    low=0.01,
    high=10_000,
    signed=True,
)
SLIPPAGE_UNREADABLE: Final = Counter(
    "order_slippage_unreadable_total",
    "Fills whose slippage could not be told",
    labels=(*_ORDER, "side"),
)
QUANTITY_ORDERED: Final = Counter(
    "order_quantity_ordered_total", "Quantity of orders that ended", labels=(*_ORDER, "side")
)
QUANTITY_FILLED: Final = Counter(
    "order_quantity_filled_total",
    "Quantity of ended orders that was filled",
    labels=(*_ORDER, "side"),
)
FILL_RATIO: Final = Histogram(
    "order_fill_ratio",
    "The filled part of orders that ended",
    labels=(*_ORDER, "side"),
    unit="ratio",
    low=0.001,
    high=2,
)

# Feeds

FEED_MESSAGES: Final = Counter(
    "venue_feed_messages_total", "Messages of a feed", labels=_FEED, series_max=_FEEDS_MAX
)
FEED_LAST: Final = Gauge(
    "venue_feed_last_message_timestamp_seconds",
    "When the last message of a feed arrived; 0 before the first",
    labels=_FEED,
    series_max=_FEEDS_MAX,
    unit="seconds",
)
FEED_EXPECTED: Final = Gauge(
    "venue_feed_expected_interval_seconds",
    "How long a feed is silent at most in the ordinary, declared or learnt",
    labels=_FEED,
    series_max=_FEEDS_MAX,
    unit="seconds",
)
FEED_GAPS: Final = Counter(
    "venue_feed_gaps_total",
    "Times that messages of a feed were missing",
    labels=_FEED,
    series_max=_FEEDS_MAX,
)
FEED_MISSING: Final = Counter(
    "venue_feed_missing_numbers_total",
    "Numbers of a feed that did not come",
    labels=_FEED,
    series_max=_FEEDS_MAX,
)
FEED_FAULTS: Final = Counter(
    "venue_feed_faults_total",
    "Messages of a feed that could not be used: duplicate, late, refused, checksum",
    labels=(*_FEED, "fault"),
    series_max=_FEEDS_MAX,
)
FEED_RESETS: Final = Counter(
    "venue_feed_resets_total",
    "Times that a venue numbered a feed anew",
    labels=_FEED,
    series_max=_FEEDS_MAX,
)
FEED_RESYNCS: Final = Counter(
    "venue_feed_resyncs_total",
    "Times that a feed was begun again from a snapshot",
    labels=_FEED,
    series_max=_FEEDS_MAX,
)
FEED_SYNCED: Final = Gauge(
    "venue_feed_synced",
    "1 while the state built from a feed can be trusted",
    labels=_FEED,
    series_max=_FEEDS_MAX,
)
FEED_DELAY: Final = Timer(
    "venue_feed_delay_seconds",
    "Time from the venue's own time of a message to its arrival; below zero the clocks disagree",
    labels=("venue", "channel"),
    signed=True,
    low=1e-6,
    high=1024,
)

# Rate budgets

LIMIT_USED: Final = Gauge("venue_ratelimit_used", "Used of a budget", labels=_LIMIT)
LIMIT_MAXIMUM: Final = Gauge("venue_ratelimit_limit", "The whole of a budget", labels=_LIMIT)
LIMIT_RATIO: Final = Gauge(
    "venue_ratelimit_used_ratio", "Used part of a budget", labels=_LIMIT, unit="ratio"
)
LIMIT_RESET: Final = Gauge(
    "venue_ratelimit_reset_timestamp_seconds",
    "When a budget is whole again if nothing more is used",
    labels=_LIMIT,
    unit="seconds",
)
LIMIT_EXHAUSTION: Final = Gauge(
    "venue_ratelimit_exhaustion_seconds",
    "Time until a budget is gone at the present pace; +Inf where it never is",
    labels=_LIMIT,
    unit="seconds",
)
REFUSALS: Final = Counter(
    "venue_refusals_total",
    "Answers by which a venue refused for a budget's sake",
    labels=("venue", "account", "refusal"),
)
BAN_UNTIL: Final = Gauge(
    "venue_ban_until_timestamp_seconds",
    "Until when a venue answers nothing; 0 where it never said so",
    labels=("venue", "account"),
    unit="seconds",
)
LIMIT_UNREADABLE: Final = Counter(
    "venue_ratelimit_unreadable_total",
    "Answers whose words on a budget could not be read or name an unknown one",
    labels=("venue", "account"),
)

# Clocks

CLOCK_OFFSET: Final = Gauge(
    "clock_offset_seconds",
    "Our clock minus the reference's; above zero ours is ahead",
    labels=("source",),
    unit="seconds",
)
CLOCK_BOUND: Final = Gauge(
    "clock_offset_bound_seconds",
    "How far the true offset may lie from the one told",
    labels=("source",),
    unit="seconds",
)
CLOCK_SYNCHRONISED: Final = Gauge(
    "clock_synchronised", "1 while the source says that it follows a reference", labels=("source",)
)
CLOCK_CHECKED: Final = Gauge(
    "clock_checked_timestamp_seconds",
    "When the offset was last told",
    labels=("source",),
    unit="seconds",
)
CLOCK_UNREADABLE: Final = Counter(
    "clock_unreadable_total", "Reports of a clock that could not be read", labels=("source",)
)

# Reconciliation

DRIFT: Final = Gauge(
    "position_drift",
    "Ours minus the venue's, of a position or balance; 0 within the tolerance",
    labels=("venue", "kind", "symbol"),
)
DRIFT_SINCE: Final = Gauge(
    "position_drift_since_timestamp_seconds",
    "Since when a position or balance has drifted; 0 where it has not",
    labels=("venue", "kind", "symbol"),
    unit="seconds",
)
DRIFTED: Final = Gauge(
    "positions_drifted",
    "Positions or balances that disagree with the venue's",
    labels=("venue", "kind"),
)
RECONCILED: Final = Gauge(
    "positions_reconciled_timestamp_seconds",
    "When they were last compared",
    labels=("venue", "kind"),
    unit="seconds",
)
RECONCILE_UNREADABLE: Final = Counter(
    "positions_unreadable_total",
    "Positions or balances that could not be compared",
    labels=("venue", "kind"),
)

# The kill switch

KILL_SWITCH: Final = State(
    "kill_switch_state",
    "Whether trading is stopped",
    states=("armed", "tripped"),
    labels=("switch",),
)
KILL_SWITCH_NOTE: Final = Note(
    "kill_switch_note",
    "When the switch was last moved (Unix nanoseconds), by whom and why, with tabs in between",
    labels=("switch",),
)
KILL_SWITCH_CHANGES: Final = Counter(
    "kill_switch_changes_total",
    "Times that this process moved the switch",
    labels=("switch", "to"),
)

# Sessions

SESSION_STATE: Final = State(
    "venue_session_state",
    "Where a venue's trading day is",
    states=("closed", "pre", "open", "post", "halted"),
    labels=("venue",),
)
SESSION_NEXT: Final = Gauge(
    "venue_session_next_change_timestamp_seconds",
    "When the state changes next by the calendar; 0 where it never does",
    labels=("venue",),
    unit="seconds",
)
