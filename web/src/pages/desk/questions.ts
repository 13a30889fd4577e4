/** What the desk asks, by the names that the SDK's trading objects and the base packs write. */

/** How long a feed has been silent; one that never had a message has no age. */
const AGE = "(time() - venue_feed_last_message_timestamp_seconds > 0 < 1e9)";
const ASLEEP = 'unless on (venue) (venue_session_state{venue_session_state=~"closed|halted"} == 1)';
const FEED = "sum by (venue, channel)";

const rate = (way: string, metric: string, window = "5m"): string => `${way} (rate(${metric}[${window}]))`;
const hour = (by: string, metric: string): string => `sum by (${by}) (increase(${metric}[1h])) > 0`;

/** What changes with every message, order and limit: heard each second. */
const HEARD = {
  connected: "min by (venue, channel) (venue_connected)",
  messages: rate(FEED, "venue_feed_messages_total", "1m"),
  age: `max by (venue, channel) (${AGE})`,
  // As the packs' alert judges it: five times the longest ordinary silence, and two seconds.
  stale: `count by (venue, channel) ((${AGE} > 2 and ${AGE} > 5 * venue_feed_expected_interval_seconds) ${ASLEEP})`,
  unsynced: "count by (venue, channel) (venue_feed_synced == 0)",
  delays: rate(FEED, "venue_feed_delay_seconds", "1m"),
  used: "max by (venue, scope, limit) (venue_ratelimit_used_ratio)",
  gone: "min by (venue, scope, limit) (venue_ratelimit_exhaustion_seconds)",
  ban: "max by (venue) (venue_ban_until_timestamp_seconds) - time() > 0",
  session: "max by (venue, venue_session_state) (venue_session_state) == 1",
  change: "min by (venue) (venue_session_next_change_timestamp_seconds > 0) - time()",
  realized: "sum by (strategy) (book_realized_pnl_usd)",
  unrealized: "sum by (strategy) (book_unrealized_pnl_usd)",
  held: "count by (strategy) (position_quantity != 0)",
  open: "sum by (venue, strategy) (orders_open)",
  orphaned: "sum by (venue, strategy) (orders_orphaned)",
  oldest: "time() - min by (venue, strategy) (orders_oldest_open_timestamp_seconds > 0)",
  limits: "max by (limit, strategy) (risk_limit_used_ratio)",
  breakers: "max by (breaker, strategy) (risk_breaker_open) == 1",
  switches: 'max by (service, instance, switch) (kill_switch_state{kill_switch_state="tripped"})',
  drift: "max by (venue, kind, symbol) (position_drift) != 0",
  since: "time() - max by (venue, kind, symbol) (position_drift_since_timestamp_seconds and position_drift != 0)",
  compared: "time() - min by (venue) (positions_reconciled_timestamp_seconds)",
} as const;

/** What is reckoned over minutes and hours, where a second changes nothing. */
const ASKED = {
  gaps: hour("venue, channel", "venue_feed_gaps_total"),
  missing: hour("venue, channel", "venue_feed_missing_numbers_total"),
  answers: rate("sum by (venue)", "venue_request_seconds"),
  errors: `${rate("sum by (venue)", "venue_request_errors_total")} / ${rate("sum by (venue)", "venue_requests_total")}`,
  fill: `${rate("sum by (strategy)", "order_quantity_filled_total", "10m")} / ${rate("sum by (strategy)", "order_quantity_ordered_total", "10m")}`,
  slippage: `histogram_avg(${rate("sum by (strategy)", "order_slippage_bps", "10m")})`,
  steps: rate("sum by (venue, strategy, from, to)", "order_stage_seconds"),
  sent: rate("sum by (venue, strategy)", 'order_stages_total{stage="sent"}'),
  rejected: rate("sum by (venue, strategy)", 'order_stages_total{stage="reject"}'),
  refusals: hour("venue, refusal", "venue_refusals_total"),
  failures: hour("venue, error", "venue_request_errors_total"),
  faults: hour("venue, strategy, fault", "order_mark_faults_total"),
  reasons: hour("venue, strategy, rejection_reason, reason", '{__name__=~".*order_rejections_total"}'),
  trips: hour("breaker, strategy", "risk_breaker_trips_total"),
} as const;

export const QUESTIONS = { ...HEARD, ...ASKED };
export const HEARD_NAMES = Object.keys(HEARD) as readonly Name[];
export const ASKED_NAMES = Object.keys(ASKED) as readonly Name[];

export type Name = keyof typeof QUESTIONS;

/** The feeds of one place that have been silent for longest. */
export function silentest(venue: string, channel: string): string {
  const place = `{venue=${JSON.stringify(venue)}, channel=${JSON.stringify(channel)}}`;
  return `topk(8, time() - venue_feed_last_message_timestamp_seconds${place} < 1e9)`;
}

/** How many numbers one feed missed in each step: to the number, or as near as it can be told where the counter is new. */
export function missedIn(venue: string, channel: string, stepS: number): string {
  const counter = `venue_feed_missing_numbers_total{venue=${JSON.stringify(venue)}, channel=${JSON.stringify(channel)}}`;
  return `round(sum by (symbol) (clamp_min(${counter} - ${counter} offset ${stepS}s, 0) or increase(${counter}[${stepS}s]))) > 0`;
}

export const PNL = `${QUESTIONS.realized} + ${QUESTIONS.unrealized}`;
