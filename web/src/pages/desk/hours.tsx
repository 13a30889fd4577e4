/** Sessions and calendars: what is open now, until when, and how the day lies around it. */
import { useEndpoint } from "../../data/query";
import { Badge } from "../../parts/badge";
import { formatClock, formatDuration, formatTime, now } from "../../state/time";

interface Hours {
  readonly calendar: string;
  readonly title: string;
  readonly zone: string;
  readonly open: boolean;
  readonly holiday: boolean;
  readonly half_day: boolean;
  readonly known: boolean;
  readonly changes: string | null;
  readonly spans: readonly (readonly [string, string])[];
}

const BEFORE_MS = 8 * 3_600_000;
const AFTER_MS = 16 * 3_600_000;
const TICKS = [0, 6, 12, 18, 24];
const MINUTE_MS = 60_000;

export function Calendars({ atMs }: { atMs: number }) {
  // The hours of an exchange do not change in a minute.
  const minuteMs = Math.floor((atMs || now.value) / MINUTE_MS) * MINUTE_MS;
  const asked = useEndpoint<{ readonly calendars: readonly Hours[] }>("api/v1/desk/calendars", "", [["time", String(minuteMs / 1_000)]]).value;
  if (asked.fault) return <p class="fault wrap">{asked.fault.message}</p>;
  const all = asked.value?.calendars ?? [];
  if (asked.value && !all.length) return <p class="muted">No pack and no rule asks for an exchange's hours.</p>;
  const startMs = minuteMs - BEFORE_MS;
  return (
    <div class="hours">
      {all.map((each) => <Row key={each.calendar} own={each} atMs={minuteMs} startMs={startMs} />)}
      {all.length > 0 && <div class="hours-scale" aria-hidden="true">{TICKS.map((hour) => <span key={hour}>{formatClock(startMs + hour * 3_600_000, false)}</span>)}</div>}
    </div>
  );
}

function Row({ own, atMs, startMs }: { own: Hours; atMs: number; startMs: number }) {
  const share = (ms: number): number => Math.min(Math.max((ms - startMs) / (BEFORE_MS + AFTER_MS), 0), 1) * 100;
  const spans = own.spans.map(([opens, closes]) => [Date.parse(opens), Date.parse(closes)] as const);
  const special = [own.holiday && "a holiday", own.half_day && "a short day", !own.known && "its holidays of this year are not known"].filter(Boolean).join(", ");
  return (
    <div class="hours-row">
      <p>
        <b>{own.calendar}</b> <Badge state={own.open ? "good" : "muted"}>{own.open ? "open" : "closed"}</Badge>{" "}
        <span class="muted">{own.changes && `${own.open ? "closes" : "opens"} in ${formatDuration(Date.parse(own.changes) - atMs)}`}{special && `, ${special}`}</span>
      </p>
      <div class="hours-track" role="img" aria-label={spans.map(([opens, closes]) => `open ${formatTime(opens, "minute")} to ${formatTime(closes, "minute")}`).join(", ")}>
        {spans.map(([opens, closes]) => <i key={opens} style={{ left: `${share(opens)}%`, right: `${100 - share(closes)}%` }} />)}
        <em style={{ left: `${share(atMs)}%` }} />
      </div>
    </div>
  );
}
