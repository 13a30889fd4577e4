/** What a platform declares, as the server tells it. */

export interface Summary {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly calendar: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface Service {
  readonly title: string;
  readonly help: string;
  readonly owner: string;
  readonly tier: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly needs: readonly string[];
}

export interface Metric {
  readonly help: string;
  readonly type: string;
  readonly unit: string;
  readonly labels: readonly string[] | Readonly<Record<string, unknown>>;
  readonly service: string;
}

export interface Alert {
  readonly expr: string;
  readonly severity: string;
  readonly summary: string;
  readonly service: string;
  readonly owner: string;
  readonly runbook: string;
  readonly channels: readonly string[];
}

export interface Objective {
  readonly title: string;
  readonly target: string;
  readonly over: string;
  readonly service: string;
  readonly runbook: string;
  readonly bad: string;
  readonly good: string;
  readonly of: string;
  readonly fast: string;
  readonly below: string;
  readonly up: string;
  readonly by: readonly string[];
}

type Named<Thing> = Readonly<Record<string, Thing>>;

export interface Platform extends Summary {
  readonly services: Named<Service>;
  readonly metrics: Named<Metric>;
  readonly alerts: Named<Alert>;
  readonly objectives: Named<Objective>;
  readonly labels: Named<{ readonly values?: readonly string[] | number }>;
  readonly records: Named<{ readonly expr: string }>;
  readonly runbooks: Named<{ readonly title: string }>;
  readonly findings: readonly string[];
}

/** Everything whose expression names each metric: `alert X`, `record y`, `objective z`. */
export function usersOf(platform: Platform): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(Object.keys(platform.metrics).map((name) => [name, []]));
  const note = (user: string, ...texts: readonly string[]): void => {
    const words = new Set(texts.join(" ").match(/[a-zA-Z_:][\w:]*/g));
    for (const word of words) (found.get(word) ?? found.get(word.replace(/_(bucket|sum|count)$/, "")))?.push(user);
  };
  for (const [name, each] of Object.entries(platform.alerts)) note(`alert ${name}`, each.expr);
  for (const [name, each] of Object.entries(platform.records)) note(`record ${name}`, each.expr);
  for (const [name, each] of Object.entries(platform.objectives)) {
    note(`objective ${name}`, each.bad, each.good, each.of, each.fast, each.up);
  }
  return found;
}

/** Lay services in columns: each stands one further than the furthest thing that it needs. */
export function columnsOf(services: Named<Service>): readonly (readonly string[])[] {
  const depths = new Map<string, number>();
  const depth = (name: string, path: readonly string[]): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const needs = (services[name]?.needs ?? []).filter((each) => each in services && !path.includes(each));
    const found = Math.max(-1, ...needs.map((each) => depth(each, [...path, name]))) + 1;
    depths.set(name, found);
    return found;
  };
  const columns: string[][] = [];
  for (const name of Object.keys(services)) (columns[depth(name, [name])] ??= []).push(name);
  return [...columns].map((each) => each ?? []).filter((each) => each.length);
}
