/** Queries: what runs now, and what was slow in the last hour. */
import { useEndpoint } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { href } from "../../state/address";
import { formatAge, now } from "../../state/time";

interface Query {
  readonly query: string;
  readonly kind: string;
  readonly steps: number;
  readonly began: string;
  readonly seconds: number;
  readonly samplesRead: number;
  readonly samplesPeak: number;
  readonly outcome: string;
}

const COLUMNS: readonly Column<Query>[] = [
  { key: "seconds", title: "took", width: "5.5rem", number: true, order: (each) => each.seconds, cell: (each) => <span class="bright">{formatValue(each.seconds, "s")}</span> },
  { key: "query", title: "query", width: "minmax(10rem, 1fr)", order: (each) => each.query, cell: (each) => <a data-page class="mono" title={each.query} href={href("explore", { expr: each.query })}>{each.query}</a> },
  { key: "kind", title: "kind", width: "5rem", order: (each) => each.kind, cell: (each) => each.kind },
  { key: "steps", title: "steps", width: "5rem", number: true, order: (each) => each.steps, cell: (each) => formatValue(each.steps, "integer") },
  { key: "read", title: "samples read", width: "8rem", number: true, order: (each) => each.samplesRead, cell: (each) => formatValue(each.samplesRead, "integer") },
  { key: "peak", title: "at most held", width: "8rem", number: true, order: (each) => each.samplesPeak, cell: (each) => formatValue(each.samplesPeak, "integer") },
  { key: "began", title: "when", width: "7rem", number: true, order: (each) => Date.parse(each.began), cell: (each) => formatAge(Date.parse(each.began), now.value) },
  { key: "outcome", title: "outcome", width: "minmax(7rem, 14rem)", order: (each) => each.outcome, cell: outcome },
];

function outcome({ outcome: told }: Query) {
  if (told === "success") return <Badge state="good">answered</Badge>;
  return <span class="fault" title={told}>{told}</span>;
}

export function QueriesTab() {
  const asked = useEndpoint<{ readonly running: readonly Query[]; readonly slowest: readonly Query[] }>("api/v1/status/queries", now.value).value;
  if (asked.fault && !asked.value) return <Failed fault={asked.fault} />;
  if (!asked.value) return <Loading />;
  const { running, slowest } = asked.value;
  return (
    <>
      <section class="panel" aria-label="Running">
        <div class="panel-head"><h2>Running now</h2></div>
        {running.length ? <Table label="Running queries" columns={COLUMNS} rows={running} height={200} sort="-seconds" /> : <p class="empty">No query runs at this moment.</p>}
      </section>
      <section class="panel section" aria-label="Slowest">
        <div class="panel-head"><h2>The slowest of the last hour</h2></div>
        {slowest.length ? <Table label="Slow queries" columns={COLUMNS} rows={slowest} height={460} sort="-seconds" /> : <p class="empty">Nobody has asked anything in the last hour.</p>}
      </section>
    </>
  );
}
