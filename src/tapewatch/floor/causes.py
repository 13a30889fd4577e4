"""
What can go wrong in the world of a desk: at its venues, on its own way, by its own hands.

A cause changes what happens, and the desk finds out by itself: a venue that skips numbers is found
by the desk's feeds, a venue that answers nothing by its orders' age. Faults name causes; stations
and the exchange ask which of them hold.
"""

from collections.abc import Mapping
from typing import Final

SILENCE: Final = "silence"
CUT: Final = "cut"
GAPS: Final = "gaps"
DUPLICATES: Final = "duplicates"
CROSSED: Final = "crossed"
LATE: Final = "late"
SLOW_VENUE: Final = "slow_venue"
REJECTING: Final = "rejecting"
STUCK: Final = "stuck"
SLIPPING: Final = "slipping"
SLOW_DESK: Final = "slow_desk"
FLOOD: Final = "flood"
BAN: Final = "ban"
VENUE_CLOCK: Final = "venue_clock"
DRIFT: Final = "drift"
RECONCILER: Final = "reconciler"
KILL: Final = "kill"
LOG_FLOOD: Final = "log_flood"
LOG_LEAK: Final = "log_leak"

_LAST: Final = ("venue_feed_last_message_timestamp_seconds", "venue_feed_messages_total")

SHOWS: Final[Mapping[str, tuple[str, ...]]] = {
    SILENCE: _LAST,
    CUT: _LAST,
    GAPS: ("venue_feed_gaps_total", "venue_feed_missing_numbers_total", "venue_feed_synced"),
    DUPLICATES: ("venue_feed_faults_total",),
    CROSSED: ("venue_book_crossed",),
    LATE: ("venue_feed_delay_seconds",),
    SLOW_VENUE: ("order_stage_seconds", "order_life_seconds", "orders_open"),
    REJECTING: ("order_stages_total", "order_quantity_filled_total", "order_fill_ratio"),
    STUCK: ("orders_open", "orders_oldest_open_timestamp_seconds", "orders_orphaned"),
    SLIPPING: ("order_slippage_bps",),
    SLOW_DESK: ("order_tick_to_trade_seconds", "order_stage_seconds", "order_life_seconds"),
    FLOOD: (
        *("venue_ratelimit_used", "venue_ratelimit_used_ratio"),
        *("venue_ratelimit_exhaustion_seconds", "venue_refusals_total"),
        "venue_ban_until_timestamp_seconds",
    ),
    BAN: ("venue_ban_until_timestamp_seconds", "venue_refusals_total"),
    VENUE_CLOCK: ("clock_offset_seconds",),
    DRIFT: ("position_drift", "position_drift_since_timestamp_seconds", "positions_drifted"),
    RECONCILER: ("positions_reconciled_timestamp_seconds",),
    KILL: ("kill_switch_state", "kill_switch_changes_total"),
    LOG_FLOOD: (),
    LOG_LEAK: (),
}
"""Every cause with the metrics in which a desk shows it; what is only logged shows in none."""
