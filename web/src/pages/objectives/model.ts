/** What is known of an objective: what was promised, what is left of its budget, and for how long. */
import type { Sample } from "../../data/frames";
import type { State } from "../../parts/badge";
import { parseDuration } from "../../state/time";
import type { Objective, Platform } from "../catalog/model";

/** One budget: an objective has one for each group that it is declared by. */
export interface Budget {
  /** The group's labels, `okx`; empty where there is one budget alone. */
  readonly group: string;
  /** The share that is left; below zero more was bad than promised. */
  readonly left: number;
  /** How many times faster than allowed it went in the last hour. */
  readonly burn: number;
  /** The share of bad events in the last hour. */
  readonly bad: number;
  /** Milliseconds until nothing is left at the present pace; infinite where it lasts. */
  readonly lastsMs: number;
  readonly state: State;
}

export interface Promised extends Objective {
  readonly name: string;
  readonly platform: string;
  readonly budgets: readonly Budget[];
  /** Its alerts that fire. */
  readonly alerts: readonly string[];
}

/** What is asked of all objectives at once. */
export const ASKED = {
  left: "objective:budget_left:ratio",
  burn: "objective:burn:ratio",
  bad: "objective:error:ratio_rate1h",
  alerts: 'count by (alertname, objective, platform) (ALERTS{alertstate="firing", objective!=""})',
} as const;

type Told = Readonly<Record<keyof typeof ASKED, readonly Sample[]>>;

const APART = new Set(["__name__", "objective", "platform", "service"]);
const NEARLY_GONE = 0.25;
/** As the fast alert sees it: two hundredths of the budget in an hour, over thirty days. */
const FAST = 14.4;

/** The objectives of a platform with their budgets, the emptiest first. */
export function promisesOf(platform: Platform, told: Told): readonly Promised[] {
  const promised = Object.entries(platform.objectives).map(([name, own]): Promised => ({
    ...own, name, platform: platform.name, budgets: budgetsOf(platform.name, name, own, told),
    alerts: told.alerts.filter(belongsTo(platform.name, name)).map((each) => each.labels["alertname"] ?? ""),
  }));
  return promised.sort((one, other) => least(one) - least(other));
}

function least({ budgets }: Promised): number {
  return Math.min(...budgets.map((each) => each.left), Infinity);
}

/** A server with one platform does not name it. */
function belongsTo(platform: string, name: string): (sample: Sample) => boolean {
  return ({ labels }) => labels["objective"] === name && (labels["platform"] ?? platform) === platform;
}

function budgetsOf(platform: string, name: string, own: Objective, told: Told): readonly Budget[] {
  const belongs = belongsTo(platform, name);
  const byGroup = (samples: readonly Sample[]): Map<string, number> => new Map(samples.filter(belongs).map((each) => [groupOf(each), each.value]));
  const [left, burn, bad] = [byGroup(told.left), byGroup(told.burn), byGroup(told.bad)];
  const groups = [...new Set([...left.keys(), ...burn.keys()])];
  const budgets = groups.map((group) => judged(group, left.get(group) ?? NaN, burn.get(group) ?? NaN, bad.get(group) ?? NaN, own.over));
  return budgets.sort((one, other) => one.left - other.left);
}

function groupOf({ labels }: Sample): string {
  return Object.entries(labels).filter(([name]) => !APART.has(name)).map(([, value]) => value).join(" · ");
}

function judged(group: string, left: number, burn: number, bad: number, over: string): Budget {
  const lastsMs = left <= 0 ? 0 : burn > 1 ? (left * parseDuration(over.split(" ")[0] ?? "")) / burn : Infinity;
  const state = Number.isNaN(left) ? "muted" : left <= 0 || burn >= FAST ? "bad" : left < NEARLY_GONE || burn > 1 ? "warn" : "good";
  return { group, left, burn, bad, lastsMs, state };
}

/** What asks who burnt a budget: the series of bad events, the largest share of the range first. */
export function burners(own: Objective, rangeS: number): string {
  const window = `${Math.max(Math.round(rangeS), 60)}s`;
  if (own.up) return `topk(8, 1 - avg_over_time((${own.up})[${window}:]) > 0)`;
  if (own.bad) return `topk(8, increase(${own.bad}[${window}]) > 0)`;
  if (own.fast) return `topk(8, histogram_count(increase(${own.fast}[${window}])) > 0)`;
  return "";
}
