/** A state in a word, a shape and a colour, so that none of them is needed alone. */
import { Icon, type IconName } from "./icon";

export type State = "good" | "warn" | "bad" | "info" | "muted";

const ICONS: Readonly<Record<State, IconName>> = { good: "good", warn: "warn", bad: "bad", info: "info", muted: "more" };

export function Badge({ state, children }: { state: State; children: string }) {
  return (
    <span class={`badge tone-${state}`}>
      <Icon name={ICONS[state]} />
      {children}
    </span>
  );
}

const SEVERITIES: Readonly<Record<string, State>> = {
  critical: "bad", page: "bad", emergency: "bad", error: "bad", p1: "bad", high: "bad",
  warning: "warn", ticket: "warn", p2: "warn", medium: "warn",
  info: "info", notice: "info", low: "info", p3: "info",
};

/** How a declared severity is shown. */
export function severityState(severity: string | undefined): State {
  return SEVERITIES[(severity ?? "").toLowerCase()] ?? "warn";
}
