/** Rules as the server tells of them, and whether each is evaluated in time. */
import { useEndpoint } from "./query";
import type { Labels } from "./frames";
import type { Alert } from "./server";
import type { State } from "../parts/badge";
import { now } from "../state/time";

export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly type: string;
  readonly state?: string;
  readonly duration?: number;
  readonly health: string;
  readonly labels?: Labels;
  readonly lastError?: string;
  readonly lastEvaluation: string;
  readonly evaluationTime: number;
  readonly alerts?: readonly Alert[];
}

interface Told {
  readonly groups: readonly { readonly name: string; readonly interval: number; readonly rules: readonly Rule[] }[];
}

export interface KnownRule {
  readonly rule: Rule;
  readonly group: string;
  /** `bad` fails, `warn` is late, `muted` has not had its turn. */
  readonly state: State;
}

/** How many intervals a rule may be silent before it counts as late. */
const PATIENCE_INTERVALS = 2.5;
export const ILL: ReadonlySet<State> = new Set(["bad", "warn"]);

export function useRules(turn: unknown) {
  return useEndpoint<Told>("api/v1/rules", turn).value;
}

export function rulesOf(told: Told | undefined): readonly KnownRule[] {
  return (told?.groups ?? []).flatMap((group) => group.rules.map((rule) => {
    const last = Date.parse(rule.lastEvaluation);
    const late = now.value - last > PATIENCE_INTERVALS * group.interval * 1_000;
    const state = rule.health === "err" ? "bad" : !(last > 0) ? "muted" : late ? "warn" : "good";
    return { rule, group: group.name, state } as const;
  }));
}
