/** Metrics, alerts, objectives and findings of a platform, as tables and lists. */
import { useMemo } from "preact/hooks";
import { useInstant } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge, severityState } from "../../parts/badge";
import { Table, type Column } from "../../parts/table";
import { href, parameter, setParameters } from "../../state/address";
import { now } from "../../state/time";
import { usersOf, type Alert, type Metric, type Objective, type Platform } from "./model";

const find = parameter("find");
const metric = parameter("metric");

type Row<Thing> = Thing & { readonly name: string };

/** The things of a section whose name or service has the letters that are looked for. */
function rowsOf<Thing extends { readonly service: string }>(things: Readonly<Record<string, Thing>>): readonly Row<Thing>[] {
  const wanted = find.value.toLowerCase();
  const rows = Object.entries(things).map(([name, each]) => ({ ...each, name }));
  return rows.filter((each) => `${each.name} ${each.service}`.toLowerCase().includes(wanted));
}

function Find() {
  return (
    <div class="bar">
      <input aria-label="Find by name or service" placeholder="Find by name or service" value={find.value} onInput={(event) => setParameters({ find: event.currentTarget.value }, true)} />
    </div>
  );
}

export function Metrics({ platform }: { platform: Platform }) {
  const users = useMemo(() => usersOf(platform), [platform]);
  const series = useSeriesCounts(useMemo(() => Object.keys(platform.metrics), [platform]));
  const open = platform.metrics[metric.value];
  const columns: readonly Column<Row<Metric>>[] = [
    {
      key: "name", title: "Metric", width: "minmax(160px, 2fr)", order: (row) => row.name,
      cell: (row) => <button type="button" class="link-button mono" onClick={() => setParameters({ metric: row.name })}>{row.name}</button>,
    },
    { key: "type", title: "Type", width: "80px", order: (row) => row.type, cell: (row) => row.type },
    { key: "unit", title: "Unit", width: "80px", order: (row) => row.unit, cell: (row) => row.unit },
    { key: "labels", title: "Labels", width: "minmax(0, 1fr)", cell: (row) => labelsOf(row).join(", ") },
    { key: "service", title: "Service", width: "minmax(0, 110px)", order: (row) => row.service, cell: (row) => row.service },
    { key: "series", title: "Series", width: "72px", number: true, order: (row) => series.get(row.name) ?? 0, cell: (row) => formatValue(series.get(row.name) ?? 0, "integer") },
    { key: "used", title: "Used by", width: "64px", number: true, order: (row) => users.get(row.name)?.length ?? 0, cell: (row) => users.get(row.name)?.length ?? 0 },
  ];
  return (
    <>
      <Find />
      <div class={open ? "beside open" : "beside"}>
        <div class="panel"><Table label="Metrics" columns={columns} rows={rowsOf(platform.metrics)} height={600} chosen={(row) => row.name === metric.value} onRow={(row) => setParameters({ metric: row.name })} /></div>
        {open && <OneMetric name={metric.value} metric={open} users={users.get(metric.value) ?? []} platform={platform} />}
      </div>
    </>
  );
}

const PART = /_(bucket|sum|count)$/;

/** How many series each metric has now; the parts of a histogram count as its own. */
function useSeriesCounts(names: readonly string[]): ReadonlyMap<string, number> {
  const asked = useInstant(`count by (__name__) ({__name__=~${JSON.stringify(`(${names.join("|")})(_bucket|_sum|_count)?`)}})`, now.value).value;
  return useMemo(() => {
    const found = new Map<string, number>(names.map((name) => [name, 0]));
    for (const { labels, value } of asked.value ?? []) {
      const name = labels["__name__"] ?? "";
      const own = found.has(name) ? name : name.replace(PART, "");
      found.set(own, (found.get(own) ?? 0) + value);
    }
    return found;
  }, [asked.value, names]);
}

/** What a metric costs: its series, its samples, and which label makes them. */
function Cost({ name, metric: told, platform }: { name: string; metric: Metric; platform: Platform }) {
  const matcher = `{__name__=~${JSON.stringify(`${name}(_bucket|_sum|_count)?`)}}`;
  const hour = useInstant(`sum(count_over_time(${matcher}[1h]))`, now.value).value.value?.[0]?.value;
  const all = useInstant(`count(${matcher})`, now.value).value.value?.[0]?.value;
  return (
    <section>
      <h3>What it costs</h3>
      <p>{all ? `${formatValue(all, "integer")} series, ${formatValue((hour ?? 0) * 24)} samples a day` : <span class="muted">No series are there now.</span>}</p>
      <ul class="plain">{labelsOf(told).map((each) => <Values key={each} label={each} matcher={matcher} declared={declared(told, each) ?? platform.labels[each]?.values} />)}</ul>
    </section>
  );
}

/** The values, or how many of them, that a metric says of one of its labels. */
function declared(told: Metric, label: string): unknown {
  return Array.isArray(told.labels) ? undefined : (told.labels as Readonly<Record<string, unknown>>)[label] ?? undefined;
}

function Values({ label, matcher, declared: said }: { label: string; matcher: string; declared: unknown }) {
  const count = useInstant(`count(count by (${label}) (${matcher.replace("}", `, ${label}!=""}`)}))`, now.value).value.value?.[0]?.value ?? 0;
  const most = typeof said === "number" ? said : Array.isArray(said) && said.length ? said.length : undefined;
  return <li class={most !== undefined && count > most ? "fault" : ""}><span class="label-name">{label}</span> {count} {count === 1 ? "value" : "values"}{most !== undefined && <span class="muted"> of {most} that are declared</span>}</li>;
}

function labelsOf(of: Metric): readonly string[] {
  return Array.isArray(of.labels) ? of.labels : Object.keys(of.labels);
}

function OneMetric({ name, metric: told, users, platform }: { name: string; metric: Metric; users: readonly string[]; platform: Platform }) {
  return (
    <aside class="panel drawer" aria-label="One metric">
      <header class="drawer-head">
        <h2 class="wrap mono">{name}</h2>
        <button type="button" class="quiet" onClick={() => setParameters({ metric: "" })}>Close</button>
      </header>
      <p class="wrap">{told.help}</p>
      <p><a data-page href={href("explore", { expr: name })}>Explore it</a></p>
      <Cost name={name} metric={told} platform={platform} />
      <section>
        <h3>Who uses it</h3>
        {users.length ? <ul>{users.map((each) => <li key={each} class="wrap">{each}</li>)}</ul> : <p class="muted">Nothing that is declared. Remove it, or watch it.</p>}
      </section>
    </aside>
  );
}

function RunbookLink({ name }: { name: string }) {
  return name ? <a data-page href={href("catalog", { tab: "runbooks", runbook: name })}>{name}</a> : null;
}

export function Alerts({ platform }: { platform: Platform }) {
  const columns: readonly Column<Row<Alert>>[] = [
    { key: "severity", title: "Severity", width: "72px", order: (row) => row.severity, cell: (row) => <Badge state={row.severity === "P0" ? "bad" : severityState(row.severity)}>{row.severity}</Badge> },
    { key: "name", title: "Alert", width: "minmax(140px, 1fr)", order: (row) => row.name, cell: (row) => <a data-page href={href("explore", { expr: row.expr })} title={row.expr}>{row.name}</a> },
    { key: "summary", title: "Says", width: "minmax(0, 2fr)", cell: (row) => row.summary },
    { key: "owner", title: "Owner", width: "minmax(0, 100px)", order: (row) => row.owner, cell: (row) => row.owner },
    { key: "channels", title: "Goes to", width: "minmax(0, 110px)", cell: (row) => row.channels.join(", ") },
    { key: "runbook", title: "Runbook", width: "minmax(0, 1fr)", cell: (row) => <RunbookLink name={row.runbook in platform.runbooks ? row.runbook : ""} /> },
  ];
  return <><Find /><div class="panel"><Table label="Alerts" columns={columns} rows={rowsOf(platform.alerts)} height={600} sort="severity" /></div></>;
}

export function Objectives({ platform }: { platform: Platform }) {
  const columns: readonly Column<Row<Objective>>[] = [
    { key: "name", title: "Objective", width: "minmax(140px, 1fr)", order: (row) => row.name, cell: (row) => row.title || row.name },
    { key: "target", title: "Target", width: "72px", cell: (row) => row.target },
    { key: "over", title: "Over", width: "100px", cell: (row) => row.over },
    { key: "measures", title: "Measures", width: "minmax(0, 2fr)", cell: (row) => <code>{measured(row)}</code> },
    { key: "service", title: "Service", width: "minmax(0, 110px)", order: (row) => row.service, cell: (row) => row.service },
    { key: "runbook", title: "Runbook", width: "minmax(0, 1fr)", cell: (row) => <RunbookLink name={row.runbook in platform.runbooks ? row.runbook : ""} /> },
  ];
  return <><Find /><div class="panel"><Table label="Objectives" columns={columns} rows={rowsOf(platform.objectives)} height={600} /></div></>;
}

function measured(row: Objective): string {
  if (row.up) return `time of ${row.up}`;
  if (row.fast) return `${row.fast} below ${row.below}`;
  return `${row.bad ? `not ${row.bad}` : row.good} of ${row.of}`;
}

export function Findings({ platform }: { platform: Platform }) {
  if (!platform.findings.length) return <p class="empty">The checks find nothing.</p>;
  return <ul class="panel pad findings">{platform.findings.map((each) => <li key={each} class="wrap">{finding(each)}</li>)}</ul>;
}

function finding(text: string) {
  const parts = /^(.*?:\d+): ([^]*) (\[[^\]]+\])$/.exec(text);
  return parts ? <>{parts[2]} <span class="muted small">{parts[3]}</span><br /><code class="muted small">{parts[1]}</code></> : text;
}
