/** Times as people write them, in the zone they chose. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { parameter, setParameters } from "./address";
import { exchange, zone, type Zone } from "./preferences";

export interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000,
};

/** Read `1h30m` as milliseconds; NaN for what is no duration. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== text) return NaN;
  return parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS_MS[part[2] ?? ""] ?? NaN), 0);
}

/** Write milliseconds as a duration, in at most two units. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (Math.abs(ms) < 1_000) return `${Math.round(ms)}ms`;
  let rest = Math.round(Math.abs(ms) / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNITS_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count && parts.length < 2) parts.push(`${count}${unit}`);
    else if (parts.length) break;
    rest -= count * size;
  }
  return `${ms < 0 ? "-" : ""}${parts.join("") || "0s"}`;
}

/** Read `now`, `now-1h`, RFC 3339 or seconds since 1970; NaN for anything else. */
export function parseMoment(text: string, nowMs: number): number {
  const relative = /^now(?:([+-])(\w+))?$/.exec(text);
  if (relative) {
    const offset = relative[2] ? parseDuration(relative[2]) : 0;
    return relative[1] === "+" ? nowMs + offset : nowMs - offset;
  }
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  return Date.parse(/\dZ|[+-]\d\d:\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
}

export const FROM_DEFAULT = "now-1h";
export const from = parameter("from", FROM_DEFAULT);
export const to = parameter("to", "now");
export const live = computed(() => parameter("live").value === "1");

/** The time that "now" stands for; moves when a page is refreshed or runs live. */
export const now = signal(Date.now());

export const range: ReadonlySignal<Range> = computed(() => {
  const endMs = parseMoment(to.value, now.value);
  const startMs = parseMoment(from.value, now.value);
  const good = Number.isFinite(startMs) && Number.isFinite(endMs) && startMs < endMs;
  return good ? { startMs, endMs } : { startMs: now.value - 3_600_000, endMs: now.value };
});

export const isRelative = computed(() => to.value.startsWith("now"));

/** Look again at what is new. */
export function refresh(): void {
  now.value = Date.now();
}

export function setRange(newFrom: string, newTo: string): void {
  now.value = Date.now();
  setParameters({
    from: newFrom === FROM_DEFAULT ? "" : newFrom,
    to: newTo === "now" ? "" : newTo,
  });
}

/** Show exactly this span. */
export function setSpan(span: Range): void {
  setRange(new Date(span.startMs).toISOString(), new Date(span.endMs).toISOString());
}

/** Widen (above 1) or narrow the range about its middle. */
export function scaleRange(factor: number): void {
  const { startMs, endMs } = range.value;
  const half = ((endMs - startMs) / 2) * factor;
  const middle = (startMs + endMs) / 2;
  setSpan({ startMs: Math.round(middle - half), endMs: Math.round(middle + half) });
}

/** Move the range by a share of its length. */
export function shiftRange(share: number): void {
  const { startMs, endMs } = range.value;
  const by = (endMs - startMs) * share;
  setSpan({ startMs: Math.round(startMs + by), endMs: Math.round(endMs + by) });
}

/** Say the range in words. */
export function rangeWords(fromText: string, toText: string, shown: Range): string {
  if (toText === "now" && fromText.startsWith("now-")) return `Last ${longDuration(fromText.slice(4))}`;
  return `${formatTime(shown.startMs, "minute")} to ${formatTime(shown.endMs, "minute")}`;
}

const WORDS: Readonly<Record<string, string>> = { s: "second", m: "minute", h: "hour", d: "day", w: "week", y: "year" };

function longDuration(text: string): string {
  const found = /^(\d+)([smhdwy])$/.exec(text);
  if (!found) return text;
  const word = WORDS[found[2] ?? ""] ?? "";
  return found[1] === "1" ? `1 ${word}` : `${found[1]} ${word}s`;
}

export function zoneName(of: Zone, at: string): string | undefined {
  if (of === "utc") return "UTC";
  return of === "exchange" ? at : undefined;
}

export const zoneLabel = computed(() => {
  if (zone.value === "utc") return "UTC";
  if (zone.value === "exchange") return exchange.value.label;
  return "Local";
});

type Grain = "day" | "minute" | "second" | "millisecond";

const FORMS: Readonly<Record<Grain, Intl.DateTimeFormatOptions>> = {
  day: { year: "numeric", month: "2-digit", day: "2-digit" },
  minute: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
  second: {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  },
  millisecond: {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    fractionalSecondDigits: 3,
  },
};

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${timeZone}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("sv-SE", { ...options, ...(timeZone ? { timeZone } : {}), hourCycle: "h23" });
    formats.set(key, found);
  }
  return found;
}

/** Write a time in the chosen zone, as 2026-01-31 09:30:00. */
export function formatTime(ms: number, grain: Grain = "second"): string {
  if (!Number.isFinite(ms)) return "–";
  return formatIn(zoneName(zone.value, exchange.value.zone), FORMS[grain]).format(ms).replace(",", ".");
}

/** Write only the time of day. */
export function formatClock(ms: number, seconds = true): string {
  const form: Intl.DateTimeFormatOptions = {
    hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}),
  };
  return formatIn(zoneName(zone.value, exchange.value.zone), form).format(ms);
}

/** Say how long ago a time is. */
export function formatAge(ms: number, nowMs: number): string {
  const age = nowMs - ms;
  return age < 1_000 ? "now" : `${formatDuration(age)} ago`;
}
