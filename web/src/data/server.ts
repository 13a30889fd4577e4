/** What the server tells of itself and of what it watches. */
import { send, unwrap } from "./client";
import type { Labels } from "./frames";

export interface Target {
  readonly discoveredLabels: Labels;
  readonly labels: Labels;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly lastError: string;
  readonly lastScrape: string;
  readonly lastScrapeDuration: number;
  readonly health: "up" | "down" | "unknown";
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

export interface Targets {
  readonly activeTargets: readonly Target[];
  readonly droppedTargets: readonly { readonly discoveredLabels: Labels; readonly scrapePool: string }[];
  readonly droppedTargetCounts: Readonly<Record<string, number>>;
}

export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: string;
  readonly activeAt: string;
  readonly value: string;
}

export interface Notification {
  readonly text: string;
  readonly date: string;
  readonly active: boolean;
}

export interface Part {
  readonly name: string;
  readonly state: string;
  readonly since: string;
  readonly restarts: number;
  readonly last_error: string | null;
}

export interface Health {
  readonly ready: boolean;
  readonly components: readonly Part[];
}

/** Ask how every component is; a server that is not ready says so with a status of its own. */
export async function askHealth(signal: AbortSignal): Promise<Health> {
  const response = await send("-/ready", { headers: { accept: "application/json" }, signal });
  const text = await response.text();
  if (response.status !== 200 && response.status !== 503) unwrap(response, text);
  return JSON.parse(text) as Health;
}

export type Freshness = "fresh" | "late" | "down" | "waiting";

const PATIENCE_INTERVALS = 2.5;

/** Judge a target by when it was last read, not by what it said then. */
export function freshness(target: Target, intervalMs: number, nowMs: number): Freshness {
  if (target.health === "down") return "down";
  const last = Date.parse(target.lastScrape);
  if (!(last > 0)) return "waiting";
  return nowMs - last > PATIENCE_INTERVALS * intervalMs ? "late" : "fresh";
}
