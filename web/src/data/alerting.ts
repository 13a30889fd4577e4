/** Alerts, silences and channels as the server tells of them, and what people do about them. */
import { signal } from "@preact/signals";
import { plain } from "./client";
import type { Labels } from "./frames";
import { useAsked, usePlain } from "./query";
import { refresh } from "../state/time";
import { tell } from "../parts/toasts";
import { severityState, type State } from "../parts/badge";

export const OWN = "api/v1/alerting";

export interface Alert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly generatorURL?: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: "active" | "suppressed";
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
    readonly mutedBy: readonly string[];
  };
}

/** The alert that always fires, so that its silence is heard. */
export const WATCHDOG = "Watchdog";

export interface Attention {
  readonly fingerprint: string;
  readonly acknowledged_by: string;
  readonly acknowledged_at: string | null;
  readonly until: string | null;
  readonly assignee: string;
  readonly comments: readonly { readonly at: string; readonly by: string; readonly text: string }[];
}

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export interface Silence {
  readonly id: string;
  readonly status: { readonly state: "active" | "pending" | "expired" };
  readonly comment: string;
  readonly createdBy: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly matchers: readonly Matcher[];
  readonly matcherSets?: readonly (readonly Matcher[])[];
  readonly recurrence?: string;
}

export interface Channel {
  readonly receiver: string;
  readonly integration: string;
  readonly kind: string;
  readonly destination: string;
  readonly condition: string;
  readonly words: string;
  readonly delivered: number;
  readonly failed: number;
  readonly refused: number;
  readonly waiting: number;
  readonly last_success: string | null;
  readonly last_failure: string | null;
  readonly failing_since: string | null;
}

export interface Entry {
  readonly at: string;
  readonly kind: string;
  readonly alert: string;
  readonly labels: Labels;
  readonly fingerprint: string;
  readonly receiver: string;
  readonly integration: string;
  readonly by: string;
  readonly told: string;
}

/** How urgent an alert is, 0 first: by the platform's priority, else by the word of its severity. */
export function urgency(labels: Labels): number {
  const priority = /^p([0-3])$/i.exec(labels["priority"] ?? labels["severity"] ?? "");
  if (priority) return Number(priority[1]);
  const word = (labels["severity"] ?? "").toLowerCase();
  if (word === "high" || word === "error") return 1;
  return { bad: 0, warn: 2, info: 3, good: 3, muted: 3 }[severityState(word)];
}

const TONES: readonly State[] = ["bad", "bad", "warn", "info"];

export function toneOf(alert: Alert): State {
  return alert.status.state === "suppressed" ? "muted" : (TONES[urgency(alert.labels)] ?? "warn");
}

/** The worst first, of two equals the one that has lasted longer; what is kept quiet comes last. */
export function worstFirst(alerts: readonly Alert[]): readonly Alert[] {
  const rank = (each: Alert): number => urgency(each.labels) + (each.status.state === "suppressed" ? 10 : 0);
  const keyed = alerts.map((each) => ({ each, rank: rank(each) }));
  keyed.sort((one, other) => one.rank - other.rank || (one.each.startsAt < other.each.startsAt ? -1 : 1));
  return keyed.map(({ each }) => each);
}

export function useAlerts(turn: unknown, filter = "") {
  return usePlain<readonly Alert[]>(`api/v2/alerts${filter && `?filter=${encodeURIComponent(filter)}`}`, turn).value;
}

const ASKED_MAX = 40;

/** Who has which alert: the history says which were taken up, and each of those is asked. */
export function useAttention(turn: unknown): ReadonlyMap<string, Attention> {
  const asked = useAsked(`attention ${String(turn)}`, async (stop) => {
    const kinds = "kind=acknowledged&kind=assigned&limit=1000";
    const told = await plain<readonly Entry[]>(`${OWN}/history?${kinds}`, { signal: stop });
    const names = [...new Set(told.map((each) => each.fingerprint))].slice(0, ASKED_MAX);
    // One that has ended is known no more.
    const found = await Promise.allSettled(names.map((name) => plain<Attention>(`${OWN}/alerts/${name}/attention`, { signal: stop })));
    const value = new Map(found.flatMap((each) => (each.status === "fulfilled" ? [[each.value.fingerprint, each.value] as const] : [])));
    return { value, warnings: [], cost: { seconds: 0, samplesRead: 0, bytes: 0 } };
  }).value;
  return asked.value ?? NOBODY;
}

const NOBODY: ReadonlyMap<string, Attention> = new Map();

/** What is being done, so that nobody does it twice. */
export const busy = signal(false);

/** Do something on the server, say how it went, and look again. */
export async function act(done: string, work: () => Promise<unknown>): Promise<boolean> {
  busy.value = true;
  try {
    await work();
    tell(done);
    refresh();
    return true;
  } catch (fault) {
    tell((fault as Error).message);
    return false;
  } finally {
    busy.value = false;
  }
}

const alertPath = (fingerprint: string): string => `${OWN}/alerts/${fingerprint}`;

export function acknowledge(fingerprint: string, by: string): Promise<unknown> {
  return plain(`${alertPath(fingerprint)}/acknowledge`, { method: "POST", body: { by } });
}

export function release(fingerprint: string, by: string): Promise<unknown> {
  return plain(`${alertPath(fingerprint)}/acknowledge?by=${encodeURIComponent(by)}`, { method: "DELETE" });
}

export function assign(fingerprint: string, to: string, by: string): Promise<unknown> {
  return plain(`${alertPath(fingerprint)}/assign`, { method: "POST", body: { to, by } });
}

export function makeSilence(matchers: readonly Matcher[], lastsMs: number, comment: string, createdBy: string): Promise<unknown> {
  const startsAt = new Date();
  const endsAt = new Date(startsAt.getTime() + lastsMs);
  return plain("api/v2/silences", { method: "POST", body: { matchers, startsAt, endsAt, comment, createdBy } });
}

export function endSilence(id: string): Promise<unknown> {
  return plain(`api/v2/silence/${id}`, { method: "DELETE" });
}
