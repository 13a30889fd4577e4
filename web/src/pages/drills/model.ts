/** Faults of the floor, messages of the inbox, and what they have to do with each other. */
import type { Labels } from "../../data/frames";

export interface Fault {
  readonly name: string;
  readonly help: string;
  /** The alerts that must tell of it. */
  readonly fires: readonly string[];
}

export interface Running {
  readonly name: string;
  readonly began: number;
  readonly ends: number;
  readonly fires: readonly string[];
}

export interface Drills {
  readonly inbox: string;
  /** Why there is no floor; empty where there is one. */
  readonly floor: string;
  readonly known: readonly Fault[];
  readonly running: readonly Running[];
}

export interface Message {
  readonly number: number;
  readonly revision: number;
  readonly service: string;
  readonly receiver: string;
  readonly state: string;
  readonly title: string;
  readonly text: string;
  readonly alerts: readonly string[];
  readonly at: number;
  readonly changed: number;
  readonly changes: number;
  readonly faults: readonly string[];
}

export const MESSAGES_MAX = 200;

/** Put what is new, or has changed, among what is known: the newest first. */
export function merged(known: readonly Message[], fresh: readonly Message[]): readonly Message[] {
  const all = new Map([...known, ...fresh].map((each) => [each.number, each]));
  return [...all.values()].sort((one, other) => other.changed - one.changed).slice(0, MESSAGES_MAX);
}

export interface Told {
  readonly alert: string;
  readonly state: "waiting" | "pending" | "firing" | "told";
  /** Seconds from the beginning of the fault to its first message. */
  readonly afterS: number;
}

/** How far each alert of a fault has come: from nothing to a message. */
export function toldOf(running: Running, states: readonly { readonly labels: Labels }[], messages: readonly Message[]): readonly Told[] {
  return running.fires.map((alert) => {
    const own = messages.filter((each) => each.at >= running.began && names(each, alert));
    const first = Math.min(...own.map((each) => each.at));
    const found = states.filter((each) => each.labels["alertname"] === alert).map((each) => each.labels["alertstate"]);
    const state = own.length ? "told" : found.includes("firing") ? "firing" : found.length ? "pending" : "waiting";
    return { alert, state, afterS: first - running.began };
  });
}

/** Some services say the names apart, in others they stand in the words. */
function names({ alerts, title, text }: Message, alert: string): boolean {
  return alerts.includes(alert) || new RegExp(`\\b${alert}\\b`).test(`${title} ${text}`);
}
