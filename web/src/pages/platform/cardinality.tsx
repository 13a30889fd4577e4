/** Cardinality: what makes the most series, and what they look like. */
import { useEndpoint } from "../../data/query";
import { quoteName } from "../../data/names";
import { formatValue } from "../../data/units";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { href } from "../../state/address";
import { formatTime, now } from "../../state/time";

interface Counted {
  readonly name: string;
  readonly value: number;
}

interface Census {
  readonly headStats: {
    readonly numSeries: number; readonly numLabelPairs: number; readonly chunkCount: number;
    readonly minTime: number; readonly maxTime: number;
  };
  readonly seriesCountByMetricName: readonly Counted[];
  readonly labelValueCountByLabelName: readonly Counted[];
  readonly memoryInBytesByLabelName: readonly Counted[];
  readonly seriesCountByLabelValuePair: readonly Counted[];
}

const LIMIT = "1000";

export function Cardinality() {
  const asked = useEndpoint<Census>("api/v1/status/tsdb", now.value, [["limit", LIMIT]]).value;
  if (asked.fault && !asked.value) return <Failed fault={asked.fault} />;
  if (!asked.value) return <Loading what="Counting" />;
  const { headStats: head } = asked.value;
  return (
    <>
      <p class="muted lead">
        <b class="bright">{formatValue(head.numSeries, "integer")}</b> series of <b class="bright">{formatValue(asked.value.seriesCountByMetricName.length, "integer")}</b> metrics,{" "}
        <b class="bright">{formatValue(head.numLabelPairs, "integer")}</b> label pairs, in memory from {formatTime(head.minTime)} to {formatTime(head.maxTime)}.
      </p>
      <div class="grid-2">
        <Ranking title="Metrics with the most series" unit="series" rows={asked.value.seriesCountByMetricName} total={head.numSeries} to={(name) => ({ expr: name, view: "table" })} />
        <Ranking title="Labels with the most values" unit="values" rows={asked.value.labelValueCountByLabelName} to={(name) => ({ expr: `count by (${quoteName(name)}) ({${quoteName(name)}!=""})`, view: "table" })} />
        <Ranking title="Values in the most series" unit="series" rows={asked.value.seriesCountByLabelValuePair} total={head.numSeries} to={pairQuery} />
        <Ranking title="Labels that take the most room" unit="bytes" rows={asked.value.memoryInBytesByLabelName} to={(name) => ({ expr: `count by (${quoteName(name)}) ({${quoteName(name)}!=""})`, view: "table" })} />
      </div>
    </>
  );
}

function pairQuery(pair: string): Record<string, string> {
  const at = pair.indexOf("=");
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
  return { expr: `count by (__name__) ({${quoteName(name)}=${JSON.stringify(value)}})`, view: "table" };
}

function Ranking({ title, unit, rows, total, to }: {
  title: string; unit: string; rows: readonly Counted[]; total?: number; to: (name: string) => Record<string, string>;
}) {
  const most = rows[0]?.value ?? 1;
  const columns: readonly Column<Counted>[] = [
    {
      key: "name", title: "name", width: "minmax(0, 1fr)", order: (each) => each.name,
      cell: (each) => (
        <span class="rank">
          <i style={{ width: `${(each.value / most) * 100}%` }} />
          <a data-page title={each.name} href={href("explore", to(each.name))}>{each.name}</a>
        </span>
      ),
    },
    { key: "value", title: unit, width: "7rem", number: true, order: (each) => each.value, cell: (each) => formatValue(each.value, unit === "bytes" ? "bytes" : "integer") },
    ...(total ? [{ key: "share", title: "share", width: "4.5rem", number: true, order: (each: Counted) => each.value, cell: (each: Counted) => formatValue(each.value / total, "ratio") }] : []),
  ];
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head"><h2>{title}</h2></div>
      <Table label={title} columns={columns} rows={rows} height={300} sort="-value" />
    </section>
  );
}
