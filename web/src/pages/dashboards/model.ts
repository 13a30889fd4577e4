/**
 * What a dashboard is: rows of panels, and what can be chosen above them.
 *
 * The same words stand in docs/console.md. A dashboard comes from outside, so it is read and not
 * believed: every fault is told with its place, and nothing is drawn of a wrong one.
 */
import type { Tone } from "../../charts/colours";
import type { Shape, Threshold } from "../../charts/plot";

export const KINDS = [
  "timeseries", "stat", "gauge", "table", "toplist", "heatmap", "ladder", "timeline", "text",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Query {
  readonly expr: string;
  /** How its series are called; `{{label}}` is filled. */
  readonly legend?: string;
}

/** What a number means, for timelines and stats. */
export interface StateName {
  readonly value: number;
  readonly label: string;
  readonly tone: Tone;
}

export interface Panel {
  readonly kind: Kind;
  readonly title: string;
  readonly description?: string;
  /** Twelfths of the row; without it the panels share the row evenly. */
  readonly width?: number;
  readonly queries: readonly Query[];
  readonly unit?: string;
  readonly thresholds?: readonly Threshold[];
  readonly shape?: Shape;
  readonly logarithmic?: boolean;
  readonly states?: readonly StateName[];
  /** How many rows a list or a table shows. */
  readonly limit?: number;
  readonly min?: number;
  readonly max?: number;
  /** The words of a text panel, a paragraph each. */
  readonly words?: readonly string[];
}

export type Height = "short" | "normal" | "tall";

export interface Row {
  readonly title?: string;
  readonly height?: Height;
  readonly panels: readonly Panel[];
}

/** A label whose value is chosen above the panels and stands in queries as `$name`. */
export interface Variable {
  readonly name: string;
  readonly title?: string;
  readonly label: string;
  /** Only values of series that match this selector. */
  readonly match?: string;
}

/** Moments to mark in every chart: wherever the expression has a value that changed. */
export interface Annotation {
  readonly title: string;
  readonly expr: string;
  readonly tone?: Tone;
  /** Fill the time in which it is 0 instead: when a market is closed. */
  readonly shades?: boolean;
}

export interface Dashboard {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** The range it opens with, as in `now-6h`. */
  readonly range?: string;
  readonly variables?: readonly Variable[];
  readonly annotations?: readonly Annotation[];
  readonly rows: readonly Row[];
  /** What could not be taken over from where it was imported. */
  readonly left_out?: readonly string[];
}

/** A dashboard that cannot be drawn, with everything that is wrong with it. */
export class BadDashboard extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

type Json = Readonly<Record<string, unknown>>;
const TONES = ["good", "warn", "bad", "info", "muted"];
const SHAPES = ["lines", "area", "stacked", "bars"];
const HEIGHTS = ["short", "normal", "tall"];

/** Check a dashboard; throws `BadDashboard` with every fault. */
export function readDashboard(given: unknown): Dashboard {
  const faults = [...dashboardFaults(given)];
  if (faults.length) throw new BadDashboard(faults);
  return given as Dashboard;
}

function* dashboardFaults(given: unknown): Generator<string> {
  if (!isObject(given)) {
    yield "a dashboard is an object";
    return;
  }
  yield* textFaults(given, ["name", "title"], ["description", "range"], "");
  yield* listFaults(given["rows"], "rows", rowFaults);
  yield* listFaults(given["variables"] ?? [], "variables", (each, path) => textFaults(each, ["name", "label"], ["title", "match"], path));
  yield* listFaults(given["annotations"] ?? [], "annotations", (each, path) => textFaults(each, ["title", "expr"], [], path));
}

function* rowFaults(row: Json, path: string): Generator<string> {
  yield* textFaults(row, [], ["title"], path);
  yield* wordFaults(row, "height", HEIGHTS, path);
  yield* listFaults(row["panels"], `${path}.panels`, panelFaults);
}

function* panelFaults(panel: Json, path: string): Generator<string> {
  yield* textFaults(panel, ["kind", "title"], ["description", "unit"], path);
  yield* wordFaults(panel, "kind", KINDS, path);
  yield* wordFaults(panel, "shape", SHAPES, path);
  yield* numberFaults(panel, ["width", "limit", "min", "max"], path);
  if (panel["kind"] === "text") return;
  yield* listFaults(panel["queries"], `${path}.queries`, (each, at) => textFaults(each, ["expr"], ["legend"], at));
  yield* listFaults(panel["thresholds"] ?? [], `${path}.thresholds`, toneFaults);
  yield* listFaults(panel["states"] ?? [], `${path}.states`, toneFaults);
}

function* toneFaults(each: Json, path: string): Generator<string> {
  yield* numberFaults(each, ["value"], path);
  yield* textFaults(each, ["tone"], ["label"], path);
  yield* wordFaults(each, "tone", TONES, path);
}

function* listFaults(list: unknown, path: string, check: (each: Json, path: string) => Iterable<string>): Generator<string> {
  if (!Array.isArray(list)) {
    yield `${path}: must be a list`;
    return;
  }
  for (const [index, each] of list.entries()) {
    const at = `${path}[${index}]`;
    if (isObject(each)) yield* check(each, at);
    else yield `${at}: must be an object`;
  }
}

function* textFaults(given: Json, needed: readonly string[], allowed: readonly string[], path: string): Generator<string> {
  for (const name of needed) if (typeof given[name] !== "string" || !given[name]) yield `${join(path, name)}: must be a text`;
  for (const name of allowed) {
    if (given[name] !== undefined && typeof given[name] !== "string") yield `${join(path, name)}: must be a text`;
  }
}

function* numberFaults(given: Json, names: readonly string[], path: string): Generator<string> {
  for (const name of names) {
    if (given[name] !== undefined && typeof given[name] !== "number") yield `${join(path, name)}: must be a number`;
  }
}

function* wordFaults(given: Json, name: string, words: readonly string[], path: string): Generator<string> {
  const value = given[name];
  if (typeof value === "string" && !words.includes(value)) {
    yield `${join(path, name)}: ${JSON.stringify(value)} is none of ${words.join(", ")}`;
  }
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

function isObject(given: unknown): given is Json {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}
