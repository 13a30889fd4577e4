/** Every rule: whether it is evaluated, what it says now, and what it costs. */
import { ILL, rulesOf, useRules, type KnownRule } from "../../data/rules";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { href, parameter, setParameters } from "../../state/address";
import { formatAge, now } from "../../state/time";

const find = parameter("find");

function wordOf({ rule, state }: KnownRule): string {
  if (ILL.has(state)) return state === "bad" ? "fails" : "late";
  return rule.type === "recording" ? "records" : (rule.state ?? "inactive");
}

const RANK = ["fails", "late", "firing", "pending", "inactive", "records"];

const COLUMNS: readonly Column<KnownRule>[] = [
  {
    key: "state", title: "State", width: "100px", order: (row) => RANK.indexOf(wordOf(row)),
    cell: (row) => <Badge state={row.rule.state === "firing" ? "bad" : row.rule.state === "pending" ? "warn" : row.state}>{wordOf(row)}</Badge>,
  },
  { key: "name", title: "Rule", width: "minmax(140px, 1fr)", order: (row) => row.rule.name, cell: (row) => <a data-page href={href("explore", { expr: row.rule.query })} title={row.rule.query}>{row.rule.name}</a> },
  { key: "group", title: "Group", width: "minmax(0, 140px)", order: (row) => row.group, cell: (row) => row.group },
  { key: "query", title: "Says", width: "minmax(0, 2fr)", cell: (row) => row.rule.lastError ? <span class="fault">{row.rule.lastError}</span> : <code>{row.rule.query}</code> },
  { key: "last", title: "Evaluated", width: "84px", order: (row) => row.rule.lastEvaluation, cell: (row) => Date.parse(row.rule.lastEvaluation) > 0 ? formatAge(Date.parse(row.rule.lastEvaluation), now.value) : "never" },
  { key: "took", title: "Took", width: "72px", number: true, order: (row) => row.rule.evaluationTime, cell: (row) => formatValue(row.rule.evaluationTime, "s") },
];

export function Rules() {
  const asked = useRules(now.value);
  if (!asked.value) return asked.fault ? <Failed fault={asked.fault} /> : <Loading what="Reading the rules" />;
  const all = rulesOf(asked.value);
  if (!all.length) return <p class="empty">There are no rules: declare alerts in a pack, or name rule files in <code>watch.rule_files</code>.</p>;
  const wanted = find.value.toLowerCase();
  const rows = all.filter(({ rule, group }) => `${rule.name} ${group} ${rule.query}`.toLowerCase().includes(wanted));
  return (
    <>
      <div class="bar">
        <input class="wide" aria-label="Find a rule" placeholder="Find by name, group or expression" value={find.value} onInput={(event) => setParameters({ find: event.currentTarget.value }, true)} />
        <span class="muted">{rows.length} of {all.length}</span>
      </div>
      <div class="panel"><Table label="Rules" columns={COLUMNS} rows={rows} height={640} sort="state" /></div>
    </>
  );
}
