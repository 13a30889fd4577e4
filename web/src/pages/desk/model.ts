/** What the answers mean: places, their state, and rows of numbers. */
import type { Rung } from "../../charts/ladder";
import type { Bucket, Frame } from "../../data/frames";
import type { State } from "../../parts/badge";
import type { Answers, Point } from "./answers";
import type { Name } from "./questions";

type Read = (name: Name, labels: Readonly<Record<string, string>>) => number;

/** Look values up by the labels that they have to carry. */
export function reader({ points }: Answers): Read {
  const indexes = new Map<string, Map<string, number>>();
  return (name, labels) => {
    const keys = Object.keys(labels).sort();
    const at = `${name} ${keys.join()}`;
    let index = indexes.get(at);
    if (!index) {
      index = new Map((points[name] ?? []).map((each) => [keys.map((key) => each.labels[key] ?? "").join("\u0000"), each.value]));
      indexes.set(at, index);
    }
    return index.get(keys.map((key) => labels[key] ?? "").join("\u0000")) ?? NaN;
  };
}

/** The values of a label in the answers to some questions, sorted. */
export function valuesOf({ points }: Answers, label: string, ...names: readonly Name[]): readonly string[] {
  const found = names.flatMap((name) => (points[name] ?? []).map((each) => each.labels[label] ?? ""));
  return [...new Set(found)].filter(Boolean).sort();
}

const QUANTILES = [["p50", 0.5], ["p95", 0.95], ["p99", 0.99], ["p99.9", 0.999]] as const;

/** The percentiles of what a question found of one place; none where it has no buckets. */
export function rungsOf({ points }: Answers, name: Name, labels: Readonly<Record<string, string>>): readonly Rung[] {
  const found = points[name]?.find((each) => Object.entries(labels).every(([label, value]) => (each.labels[label] ?? "") === value));
  return QUANTILES.map(([name, share], colour): Rung => ({ name, value: quantileOf(found?.buckets ?? [], share), colour })).filter((each) => each.value > 0);
}

/** Below what a share of the observations stayed; inside of a bucket on the bucket's own scale. */
export function quantileOf(buckets: readonly Bucket[], share: number): number {
  let rank = share * buckets.reduce((total, each) => total + each.count, 0);
  for (const { lower, upper, count } of buckets) {
    if (count > 0 && rank <= count) return lower > 0 ? lower * (upper / lower) ** (rank / count) : lower + (upper - lower) * (rank / count);
    rank -= count;
  }
  return NaN;
}

export interface Budget {
  readonly name: string;
  readonly used: number;
  /** Seconds until nothing is left; infinite where that never comes. */
  readonly gone: number;
  readonly state: State;
}

const GONE_SOON_S = 60;
const USED_MUCH = 0.8;

export function budgetsOf({ points }: Answers, venue: string): readonly Budget[] {
  const own = (each: Point): boolean => each.labels["venue"] === venue;
  const gone = new Map((points.gone ?? []).filter(own).map((each) => [limitOf(each), each.value]));
  return (points.used ?? []).filter(own).map((each): Budget => {
    const left = gone.get(limitOf(each)) ?? NaN;
    const state = left < GONE_SOON_S || each.value >= 1 ? "bad" : each.value >= USED_MUCH ? "warn" : "good";
    return { name: limitOf(each), used: each.value, gone: left, state };
  });
}

function limitOf(each: Point): string {
  return each.labels["limit"] ?? "";
}

export interface Place {
  readonly venue: string;
  readonly channel: string;
  readonly state: State;
  readonly word: string;
  readonly messages: number;
  readonly age: number;
  readonly gaps: number;
  readonly missing: number;
}

/** Judge one feed of one venue, the worst first; nothing where neither is known. */
export function placeOf(read: Read, venue: string, channel: string, session: string): Place | undefined {
  const at = { venue, channel };
  const [connected, age, messages] = [read("connected", at), read("age", at), read("messages", at)];
  if (Number.isNaN(connected) && Number.isNaN(age)) return undefined;
  const gaps = Math.round(read("gaps", at)) || 0;
  const told = { venue, channel, messages, age, gaps, missing: Math.round(read("missing", at)) || 0 };
  const [stale, unsynced] = [read("stale", at), read("unsynced", at)];
  if (connected === 0) return { ...told, state: "bad", word: "Gone" };
  if (stale > 0) return { ...told, state: "bad", word: `${stale} stale` };
  if (unsynced > 0) return { ...told, state: "bad", word: `${unsynced} not in step` };
  if (session === "closed" || session === "halted") return { ...told, state: "muted", word: session === "closed" ? "Closed" : "Halted" };
  if (gaps > 0) return { ...told, state: "warn", word: "Gaps" };
  return { ...told, state: "good", word: Number.isNaN(age) ? "Connected" : "Fresh" };
}

export function sessionOf({ points }: Answers, venue: string): string {
  return points.session?.find((each) => each.labels["venue"] === venue)?.labels["venue_session_state"] ?? "";
}

export interface Step {
  readonly from: string;
  readonly to: string;
}

const STAGES = ["signal", "risk", "sent", "ack", "partial", "fill", "cancel", "reject", "expire"];

/** The steps that orders have taken of late, in the order of their lives. */
export function stepsOf({ points }: Answers): readonly Step[] {
  const found = new Map((points.steps ?? []).filter((each) => each.buckets?.length).map((each) => {
    const [from, to] = [each.labels["from"] ?? "", each.labels["to"] ?? ""];
    return [`${from} ${to}`, { from, to }];
  }));
  const rank = ({ from, to }: Step): number => STAGES.indexOf(from) * STAGES.length + STAGES.indexOf(to);
  return [...found.values()].sort((one, other) => rank(one) - rank(other));
}

export interface Why {
  readonly what: string;
  readonly where: string;
  readonly times: number;
}

const WHY: Readonly<Partial<Record<Name, string>>> = {
  reasons: "Rejected", refusals: "Refused by the venue", failures: "Request failed", faults: "Out of order",
};

/** Why orders and requests failed within an hour, the most frequent first. */
export function whysOf({ points }: Answers): readonly Why[] {
  const rows = (Object.entries(WHY) as [Name, string][]).flatMap(([name, word]) => (points[name] ?? []).map(({ labels, value }) => {
    const { venue, strategy, ...rest } = labels;
    const why = Object.values(rest).filter(Boolean).join(" ").replaceAll("_", " ");
    return { what: `${word}: ${why}`, where: [venue, strategy].filter(Boolean).join(" · "), times: value };
  }));
  return rows.sort((one, other) => other.times - one.times);
}

export interface Lost {
  readonly symbol: string;
  readonly firstS: number;
  readonly lastS: number;
  readonly count: number;
}

/** Put steps in which numbers were missed together, the newest stretch first. */
export function lostIn({ times, series }: Frame): readonly Lost[] {
  const found: Lost[] = [];
  for (const { labels, values } of series) {
    let own: Lost | undefined;
    times.forEach((time, step) => {
      const count = values[step] ?? NaN;
      if (own && !(count > 0)) found.push(own);
      if (!(count > 0)) own = undefined;
      else own = { symbol: labels["symbol"] ?? "", firstS: own?.firstS ?? times[step - 1] ?? time, lastS: time, count: count + (own?.count ?? 0) };
    });
    if (own) found.push(own);
  }
  return found.sort((one, other) => other.lastS - one.lastS || other.count - one.count);
}
