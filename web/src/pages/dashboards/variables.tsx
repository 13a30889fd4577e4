/** Choices above the panels that stand in their queries. */
import { useEndpoint } from "../../data/query";
import { address, setParameters } from "../../state/address";
import type { Variable } from "./model";

const ALL = ".*";
const TURN_MS = 60_000;

/** Put the chosen values into a query; what is not chosen matches everything. */
export function fillVariables(text: string, variables: readonly Variable[], chosen: (name: string) => string): string {
  return variables.reduce((told, { name }) => {
    const value = chosen(name);
    const pattern = value ? escapePattern(value) : ALL;
    return told.replaceAll(new RegExp(`\\$(?:${name}\\b|\\{${name}\\})`, "g"), () => pattern);
  }, text);
}

/** Make a value match only itself, inside a quoted pattern. */
function escapePattern(value: string): string {
  return value.replace(/[.*+?^${}()|[\]\\]/g, "\\\\$&").replaceAll('"', '\\"');
}

export function chosenValue(name: string): string {
  return address.value.query.get(`var-${name}`) ?? "";
}

export function Variables({ variables }: { variables: readonly Variable[] }) {
  return <>{variables.map((each) => <One key={each.name} variable={each} />)}</>;
}

function One({ variable }: { variable: Variable }) {
  const pairs: [string, string][] = variable.match ? [["match[]", variable.match]] : [];
  const path = `api/v1/label/${encodeURIComponent(variable.label)}/values`;
  const values = useEndpoint<readonly string[]>(path, Math.floor(Date.now() / TURN_MS), pairs).value.value ?? [];
  const chosen = chosenValue(variable.name);
  return (
    <label class="variable">
      <span>{variable.title ?? variable.name}</span>
      <select value={chosen} onChange={(event) => setParameters({ [`var-${variable.name}`]: event.currentTarget.value })}>
        <option value="">All</option>
        {[...new Set([...values, ...(chosen ? [chosen] : [])])].map((each) => <option key={each} value={each}>{each}</option>)}
      </select>
    </label>
  );
}
