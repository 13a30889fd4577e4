/** Names of series for people: the labels in which they differ, or the words asked for. */
import type { Labels } from "./frames";

const NAME = "__name__";

/** Write all labels as a selector. */
export function fullName(labels: Labels): string {
  const pairs = Object.entries(labels).filter(([name]) => name !== NAME);
  const inside = pairs.map(([name, value]) => `${quoteName(name)}=${JSON.stringify(value)}`).join(", ");
  const name = labels[NAME] ?? "";
  return inside ? `${name}{${inside}}` : name || "{}";
}

export function quoteName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}

/** Fill `{{label}}` in a legend. */
export function fillLegend(legend: string, labels: Labels): string {
  return legend.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

/** Name every series by what sets it apart; one alone keeps everything. */
export function shortNames(rows: readonly Labels[]): string[] {
  if (rows.length < 2) return rows.map(fullName);
  const [first, ...rest] = rows as [Labels, ...Labels[]];
  const shared = new Set(
    Object.keys(first).filter((name) => rest.every((other) => other[name] === first[name])),
  );
  const apart = new Set(rows.flatMap((labels) => Object.keys(labels)).filter((name) => !shared.has(name)));
  return rows.map((labels) => shortName(labels, apart));
}

/** Where one label alone tells series apart, its value is enough. */
function shortName(labels: Labels, apart: ReadonlySet<string>): string {
  const own = Object.entries(labels).filter(([name]) => apart.has(name));
  const words = own.filter(([name]) => name !== NAME).map(([name, value]) => (apart.size > 1 ? `${name}=${value}` : value));
  const metric = own.find(([name]) => name === NAME)?.[1];
  return [metric, ...words].filter(Boolean).join(" ") || fullName(labels);
}
