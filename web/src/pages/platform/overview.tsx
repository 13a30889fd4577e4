/** Health: the server's parts, what it takes in and keeps, in numbers that are read from it directly. */
import { useRef } from "preact/hooks";
import { lazy } from "../../parts/lazy";
import { useAsked, useEndpoint } from "../../data/query";
import { useRules } from "../../data/rules";
import { askHealth, type Health } from "../../data/server";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { href } from "../../state/address";
import { formatDuration, formatTime, now } from "../../state/time";

interface RawFamily {
  readonly name: string;
  readonly metric: readonly { readonly label?: readonly { name: string; value: string }[]; readonly [kind: string]: unknown }[];
}

interface Runtime {
  readonly startTime: string;
  readonly CWD: string;
  readonly hostname: string;
  readonly storageRetention: string;
  readonly corruptionCount: number;
  readonly lastConfigTime: string;
  readonly reloadConfigSuccess: boolean;
}

interface Block {
  readonly ulid: string;
  readonly minTime: number;
  readonly maxTime: number;
  readonly stats: { readonly numSamples: number; readonly numSeries: number };
}

const Charts = lazy(() => import("./charts"));

export function Overview() {
  const turn = now.value;
  const families = useEndpoint<readonly RawFamily[]>("api/v1/status/self_metrics", turn, [["metric_name_pattern", "tapewatch_.*|process_.*"]]).value;
  const runtime = useEndpoint<Runtime>("api/v1/status/runtimeinfo", turn).value;
  const build = useEndpoint<{ readonly version: string; readonly goVersion: string }>("api/v1/status/buildinfo").value;
  const health = useAsked<Health>(`health ${turn}`, async (signal) => ({
    value: await askHealth(signal), warnings: [], cost: { seconds: 0, samplesRead: 0, bytes: 0 },
  })).value;
  if (families.fault) return <Failed fault={families.fault} />;
  if (!families.value || !runtime.value) return <Loading />;
  const read = reader(families.value);
  return (
    <>
      <Figures read={read} turn={turn} startedMs={Date.parse(runtime.value.startTime)} />
      <Charts />
      <div class="grid-2">
        <section class="panel pad">
          <h2>Components</h2>
          <ul class="parts">
            {health.value?.components.map((each) => (
              <li key={each.name}>
                <Badge state={each.state === "running" ? "good" : "bad"}>{each.state}</Badge>
                <span class="bright">{each.name}</span>
                <span class="muted">since {formatTime(Date.parse(each.since))}{each.restarts > 0 && `, ${each.restarts} restarts`}</span>
                {each.last_error && <span class="part-fault wrap">{each.last_error}</span>}
              </li>
            ))}
          </ul>
        </section>
        <section class="panel pad">
          <h2>Process</h2>
          <dl class="facts">
            <dt>Version</dt><dd>{build.value?.version.replace(/^.*tapewatch\./, "")} on {build.value?.goVersion}</dd>
            <dt>Runs on</dt><dd>{runtime.value.hostname}, since {formatTime(Date.parse(runtime.value.startTime))} ({formatDuration(turn - Date.parse(runtime.value.startTime))})</dd>
            <dt>Configuration</dt><dd>{runtime.value.reloadConfigSuccess ? "in use" : "the newest was refused, an older one is in use"} since {formatTime(Date.parse(runtime.value.lastConfigTime))}</dd>
            <dt>Kept for</dt><dd>{runtime.value.storageRetention}</dd>
            <dt>Damage found</dt><dd>{runtime.value.corruptionCount ? `${runtime.value.corruptionCount} places; the log names them` : "none"}</dd>
            <dt>Processor</dt><dd>{formatDuration(read("process_cpu_seconds_total") * 1_000)} in all</dd>
            <dt>Files open</dt><dd>{formatValue(read("process_open_fds"), "integer")} of {formatValue(read("process_max_fds"), "integer")}</dd>
          </dl>
        </section>
      </div>
      <Blocks turn={turn} />
    </>
  );
}

type Read = (name: string) => number;

function reader(families: readonly RawFamily[]): Read {
  const sums = new Map(families.map((family) => [family.name, family.metric.reduce((sum, each) => sum + valueOf(each), 0)]));
  return (name) => sums.get(name) ?? NaN;
}

function valueOf(metric: RawFamily["metric"][number]): number {
  const told = (metric["counter"] ?? metric["gauge"]) as { value?: number } | undefined;
  return told?.value ?? 0;
}

/** How much of a core was used since the former turn; at first, since the start. */
function useShare(seconds: number, turn: number, startedMs: number): number {
  const known = useRef({ former: { seconds: 0, atMs: startedMs }, own: { seconds, atMs: turn } });
  if (turn !== known.current.own.atMs && seconds !== known.current.own.seconds) {
    known.current = { former: known.current.own, own: { seconds, atMs: turn } };
  }
  const { former, own } = known.current;
  return (own.seconds - former.seconds) / Math.max((own.atMs - former.atMs) / 1_000, 1);
}

/** By how much the latest group of rules is behind its own interval. */
function useRuleLag(turn: number): number {
  const groups = useRules(turn).value?.groups ?? [];
  const lags = groups.map((group) => {
    const last = Math.max(...group.rules.map((rule) => Date.parse(rule.lastEvaluation)));
    return last > 0 ? turn / 1_000 - last / 1_000 - group.interval : 0;
  });
  return Math.max(0, ...lags);
}

function Figures({ read, turn, startedMs }: { read: Read; turn: number; startedMs: number }) {
  const share = useShare(read("process_cpu_seconds_total"), turn, startedMs);
  const dropped = ["tapewatch_metrics_samples_refused_total", "tapewatch_metrics_series_refused_total", "tapewatch_watch_alerts_dropped_total"];
  const lost = dropped.reduce((sum, name) => sum + (read(name) || 0), 0);
  const figures: readonly (readonly [string, number, string, string])[] = [
    ["Series in the head", read("tapewatch_metrics_series"), "integer", "cardinality"],
    ["Samples taken in", read("tapewatch_metrics_samples_total"), "", ""],
    ["Refused or dropped", lost, "integer", ""],
    ["Rules are late by", useRuleLag(turn), "s", ""],
    ["Of one core", share, "ratio", ""],
    ["Memory", read("process_resident_memory_bytes"), "bytes", ""],
    ["Write-ahead log", read("tapewatch_metrics_log_bytes"), "bytes", ""],
    ["Blocks", read("tapewatch_metrics_blocks_bytes"), "bytes", ""],
    ["Disk left", read("tapewatch_data_free_bytes"), "bytes", ""],
  ];
  return (
    <div class="stats">
      {figures.map(([title, value, unit, tab]) => {
        const [number, after] = formatValue(value, unit).split(" ");
        return (
          <div class="panel pad figure" key={title}>
            <span class="muted">{tab ? <a data-page href={href("platform", { tab })}>{title}</a> : title}</span>
            <span class="stat-value">{number}{after && <small>{after}</small>}</span>
          </div>
        );
      })}
    </div>
  );
}

const COLUMNS: readonly Column<Block>[] = [
  { key: "from", title: "from", width: "1fr", order: (each) => each.minTime, cell: (each) => formatTime(each.minTime) },
  { key: "to", title: "to", width: "1fr", order: (each) => each.maxTime, cell: (each) => formatTime(each.maxTime) },
  { key: "length", title: "length", width: "7rem", number: true, order: (each) => each.maxTime - each.minTime, cell: (each) => formatDuration(each.maxTime - each.minTime) },
  { key: "series", title: "series", width: "8rem", number: true, order: (each) => each.stats.numSeries, cell: (each) => formatValue(each.stats.numSeries, "integer") },
  { key: "samples", title: "samples", width: "9rem", number: true, order: (each) => each.stats.numSamples, cell: (each) => formatValue(each.stats.numSamples, "integer") },
];

function Blocks({ turn }: { turn: number }) {
  const asked = useEndpoint<{ readonly blocks: readonly Block[] }>("api/v1/status/tsdb/blocks", turn).value;
  const blocks = asked.value?.blocks ?? [];
  return (
    <section class="panel section" aria-label="Blocks">
      <div class="panel-head"><h2>Sealed blocks</h2></div>
      {blocks.length
        ? <Table label="Blocks" columns={COLUMNS} rows={blocks} height={260} sort="-from" />
        : <p class="empty">Everything is still in the head; the first block is sealed after about two hours.</p>}
    </section>
  );
}
