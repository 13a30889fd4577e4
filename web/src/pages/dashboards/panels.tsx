/** How each kind of panel is drawn. */
import { useComputed, useSignal, type Signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { toneColour } from "../../charts/colours";
import Heatmap from "../../charts/heatmap";
import { toggled } from "../../charts/hiding";
import { scaleOf, Track, type Rung, type Scale } from "../../charts/ladder";
import { Legend } from "../../charts/legend";
import Plot, { type Curve, type Mark, type Span } from "../../charts/plot";
import { Sparkline } from "../../charts/sparkline";
import { wholeRange } from "../../charts/view";
import { keyOf, useLive } from "../../data/following";
import { extentOf, lastOf, type Frame, type Labels } from "../../data/frames";
import { fillLegend, shortNames } from "../../data/names";
import { fillQuery, gridOf, useRanges, type Frames } from "../../data/query";
import { formatValue } from "../../data/units";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { formatClock, live, range } from "../../state/time";
import { useFormer, type Former } from "./former";
import { runsOf, type Run } from "./runs";
import { severest } from "./severity";
import type { Kind, Panel, StateName } from "./model";

export interface Drawing {
  readonly panel: Panel;
  readonly frame: Frames;
  readonly names: readonly string[];
  readonly height: number;
  readonly marks: readonly Mark[];
  readonly spans: readonly Span[];
  readonly former?: Former | undefined;
}

export interface BodyProps {
  readonly panel: Panel;
  readonly texts: readonly string[];
  readonly height: number;
  readonly marks: readonly Mark[];
  readonly spans: readonly Span[];
  readonly compare: string;
  /** Filled with what is shown, so that the panel's menu can save it. */
  readonly shown: Signal<Frames | undefined>;
}

const WIDTHS_PX: Partial<Record<Kind, number>> = { timeseries: 640, heatmap: 420, timeline: 320, stat: 160 };
const WIDTH_PX = 120;
/** Kinds that need even steps; they are asked again every so often instead of followed. */
const ON_GRID: ReadonlySet<Kind> = new Set(["heatmap", "timeline"]);

export function PanelBody({ panel, texts, height, marks, spans, compare, shown }: BodyProps) {
  const grid = useComputed(() => gridOf(range.value, WIDTHS_PX[panel.kind] ?? WIDTH_PX)).value;
  const filled = texts.map((text) => fillQuery(text, grid.stepS));
  const asked = useRanges(filled, grid).value;
  const former = useFormer(panel.kind === "timeseries" ? filled : [], grid, compare);
  const frame = useLive(asked.value ?? NO_FRAMES, filled, live.value && asked.value !== undefined && !ON_GRID.has(panel.kind));
  shown.value = asked.value;
  if (panel.kind === "text") return <div class="words">{panel.words?.map((each) => <p key={each}>{each}</p>)}</div>;
  if (asked.fault) return <Failed fault={asked.fault} />;
  if (!asked.value) return <Loading />;
  if (!asked.value.series.length) return <p class="empty">No series in this time range.</p>;
  const Body = BODIES[panel.kind];
  const own = { ...frame, of: asked.value.of };
  return <Body panel={panel} frame={own} names={namesOf(panel, own)} height={height} marks={marks} spans={spans} former={former} />;
}

const NO_FRAMES: Frames = { times: new Float64Array(0), series: [], of: [] };

function namesOf(panel: Panel, frame: Frames): string[] {
  const short = shortNames(frame.series.map((each) => each.labels));
  return frame.series.map((each, index) => {
    const legend = panel.queries[frame.of[index] ?? 0]?.legend;
    const bare = !Object.keys(each.labels).length;
    return (legend && fillLegend(legend, each.labels)) || (bare ? panel.title : short[index]) || "";
  });
}

function TimeSeries({ panel, frame, names, height, marks, spans, former }: Drawing) {
  const hover = useSignal<number | undefined>(undefined);
  const hidden = useSignal<ReadonlySet<number>>(new Set());
  const curves: Curve[] = frame.series.map((each, index) => ({
    name: names[index] ?? "", values: each.values, hidden: hidden.value.has(index),
  }));
  const before = frame.series.flatMap((each, index): Curve[] => {
    const values = former?.get(keyOf(each.labels, frame.of[index] ?? 0));
    return values ? [{ name: `${names[index] ?? ""}, before`, values: sized(values, frame.times.length), faint: true, colour: index }] : [];
  });
  const { min, max } = wholeRange();
  const many = curves.length > 1 || before.length > 0;
  const end = live.value ? Math.max(max, frame.times.at(-1) ?? max) : max;
  return (
    <>
      <Plot
        times={frame.times} curves={[...curves, ...before]} min={min + (end - max)} max={end} unit={panel.unit ?? ""}
        height={many ? height - Math.min(22 + curves.length * 19, 96) : height} shape={panel.shape ?? "lines"}
        logarithmic={panel.logarithmic ?? false} thresholds={panel.thresholds ?? []} marks={marks} spans={spans} label={panel.title}
        onHover={(index) => { hover.value = index; }}
      />
      {many && (
        <div class="legend-low">
          <Legend curves={curves} unit={panel.unit} hover={hover} toggle={(curve, alone) => { hidden.value = toggled(hidden.value, curve, alone, curves.length); }} />
        </div>
      )}
    </>
  );
}

function sized(values: Float64Array, length: number): Float64Array {
  const own = new Float64Array(length).fill(NaN);
  own.set(values.subarray(0, length));
  return own;
}

function Stat({ panel, frame }: Drawing) {
  const [first] = frame.series;
  const value = lastOf(first?.values ?? new Float64Array(0));
  const state = stateOf(value, panel.states);
  const tone = state?.tone ?? severest(value, panel.thresholds);
  const told = state?.label ?? formatValue(value, panel.unit);
  const [number, unit] = state ? [told, ""] : splitUnit(told);
  const { min, max } = extentOf(first?.values ?? new Float64Array(0));
  const moves = max > min;
  return (
    <div class="stat" style={tone ? { "--stat-tone": toneColour(tone) } : {}}>
      <div class="stat-value">{number}{unit && <small>{unit}</small>}</div>
      {first && moves
        ? <Sparkline values={first.values} label={`${panel.title} over the range`} />
        : <div class="stat-note">{panel.description ?? "unchanged over the range"}</div>}
    </div>
  );
}

function splitUnit(told: string): [string, string] {
  const at = told.indexOf(" ");
  return at < 0 ? [told, ""] : [told.slice(0, at), told.slice(at + 1)];
}

function stateOf(value: number, states: readonly StateName[] | undefined): StateName | undefined {
  return states?.find((each) => each.value === value);
}

function Gauge({ panel, frame }: Drawing) {
  const value = lastOf(frame.series[0]?.values ?? new Float64Array(0));
  const low = panel.min ?? 0;
  const high = panel.max ?? (panel.unit === "percent" ? 100 : 1);
  const share = (at: number): string => `${Math.min(Math.max((at - low) / (high - low), 0), 1) * 100}%`;
  const tone = severest(value, panel.thresholds);
  const [number, unit] = splitUnit(formatValue(value, panel.unit));
  return (
    <div class="gauge" style={tone ? { "--stat-tone": toneColour(tone) } : {}}>
      <div class="stat-value">{number}{unit && <small>{unit}</small>}</div>
      <div class="gauge-track" role="meter" aria-label={panel.title} aria-valuenow={value} aria-valuemin={low} aria-valuemax={high}>
        <div class="gauge-fill" style={{ width: share(value) }} />
        {panel.thresholds?.map((each) => <div class="gauge-tick" key={each.value} style={{ left: share(each.value) }} />)}
      </div>
      <div class="gauge-scale"><span>{formatValue(low, panel.unit)}</span><span>{formatValue(high, panel.unit)}</span></div>
    </div>
  );
}

interface Ranked {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

function ranked({ frame, names, panel }: Drawing): Ranked[] {
  return frame.series
    .map((each, index) => ({ name: names[index] ?? "", labels: each.labels, value: lastOf(each.values) }))
    .filter((each) => !Number.isNaN(each.value))
    .sort((one, other) => other.value - one.value)
    .slice(0, panel.limit ?? 100);
}

function TopList(drawing: Drawing) {
  const rows = ranked(drawing);
  const most = Math.max(...rows.map((each) => Math.abs(each.value)), Number.MIN_VALUE);
  return (
    <div class="toplist scrolled" style={{ maxHeight: `${drawing.height}px` }} tabIndex={0} role="list" aria-label={drawing.panel.title}>
      {rows.map((each) => (
        <div class="toplist-row" role="listitem" key={each.name}>
          <div class="toplist-bar" style={{ width: `${(Math.abs(each.value) / most) * 100}%` }} />
          <span class="toplist-name" title={each.name}>{each.name}</span>
          <span class="toplist-value">{formatValue(each.value, drawing.panel.unit)}</span>
        </div>
      ))}
    </div>
  );
}

function TablePanel(drawing: Drawing) {
  const rows = ranked(drawing);
  const named = tellingLabels(rows.map((each) => each.labels)).slice(0, 6);
  const columns: Column<Ranked>[] = [
    ...(named.length ? named.map((name): Column<Ranked> => ({
      key: name, title: name, width: "minmax(2.5rem, 1fr)", order: (row) => row.labels[name] ?? "", cell: (row) => <span title={row.labels[name]}>{row.labels[name] ?? "–"}</span>,
    })) : [{ key: "name", title: "series", width: "1fr", order: (row: Ranked) => row.name, cell: (row: Ranked) => row.name }]),
    {
      key: "value", title: "value", width: "minmax(4rem, 1fr)", number: true, order: (row) => row.value,
      cell: (row) => <ToneValue value={row.value} panel={drawing.panel} />,
    },
  ];
  return <Table label={drawing.panel.title} columns={columns} rows={rows} height={drawing.height - 30} sort="-value" />;
}

/** Labels that tell rows apart; of those that every row shares a table would be all width and no news. */
function tellingLabels(rows: readonly Labels[]): string[] {
  const named = [...new Set(rows.flatMap((each) => Object.keys(each)))].filter((name) => name !== "__name__");
  const telling = named.filter((name) => rows.some((each) => each[name] !== rows[0]?.[name]));
  return telling.length ? telling : named;
}

function ToneValue({ value, panel }: { value: number; panel: Panel }) {
  const tone = severest(value, panel.thresholds);
  return <span class={tone ? "bright" : ""} style={tone ? { color: toneColour(tone) } : {}}>{formatValue(value, panel.unit)}</span>;
}

function HeatPanel({ panel, frame, height }: Drawing) {
  return <Heatmap frame={frame} unit={panel.unit} height={height} label={panel.title} />;
}

/** Percentiles of each group on one logarithmic line: how long the tail is, at one look. */
function Ladder({ panel, frame }: Drawing) {
  const groups = new Map<string, Rung[]>();
  frame.series.forEach((each, index) => {
    const query = frame.of[index] ?? 0;
    const value = lastOf(each.values);
    if (!(value > 0)) return;
    const group = groupName(each.labels);
    const rung = { name: panel.queries[query]?.legend ?? `#${query + 1}`, value, colour: query };
    groups.set(group, [...(groups.get(group) ?? []), rung]);
  });
  const all = [...groups.values()].flat().map((each) => each.value);
  const place = scaleOf(all);
  return (
    <div class="ladder">
      {[...groups].map(([name, rungs]) => <LadderRow key={name} name={name || panel.title} rungs={rungs} unit={panel.unit} place={place} />)}
    </div>
  );
}

function groupName(labels: Labels): string {
  return Object.entries(labels).filter(([name]) => name !== "__name__" && name !== "quantile").map(([, value]) => value).join(" ");
}

function LadderRow({ name, rungs, unit, place }: { name: string; rungs: readonly Rung[]; unit: string | undefined; place: Scale }) {
  return (
    <div class="ladder-row">
      <span class="ladder-name" title={name}>{name}</span>
      <Track rungs={rungs} unit={unit} place={place} />
    </div>
  );
}

function Timeline({ panel, frame, names, height }: Drawing) {
  const count = Math.max(frame.times.length, 1);
  const named = names.some((each) => each !== panel.title);
  return (
    <div class={`timeline scrolled${named ? "" : " unnamed"}`} style={{ maxHeight: `${height}px` }} tabIndex={0} role="group" aria-label={panel.title}>
      {frame.series.map((each, index) => (
        <div class="timeline-row" key={index}>
          <span title={names[index]}>{names[index]}</span>
          <div class="timeline-track">{runsOf(each.values).map((run) => runElement(run, count, panel, frame))}</div>
        </div>
      ))}
      <div class="timeline-row">
        <span />
        <div class="timeline-scale">
          {[0, 0.25, 0.5, 0.75, 1].map((share) => {
            const index = Math.min(Math.round(share * (count - 1)), count - 1);
            return <span key={share}>{formatClock((frame.times[index] ?? 0) * 1_000, false)}</span>;
          })}
        </div>
      </div>
    </div>
  );
}

function runElement(run: Run, count: number, panel: Panel, frame: Frame) {
  if (Number.isNaN(run.value)) return null;
  const state = stateOf(run.value, panel.states);
  const tone = state?.tone ?? severest(run.value, panel.thresholds) ?? "info";
  const told = state?.label ?? formatValue(run.value, panel.unit);
  const since = formatClock((frame.times[run.first] ?? 0) * 1_000);
  const style = { left: `${(run.first / count) * 100}%`, width: `${((run.last - run.first + 1) / count) * 100}%` };
  return <div key={run.first} class={`timeline-run tone-${tone}`} style={style} title={`${told} since ${since}`}>{told}</div>;
}

function Text() {
  return null;
}

const BODIES: Readonly<Record<Kind, ComponentType<Drawing>>> = {
  timeseries: TimeSeries,
  stat: Stat,
  gauge: Gauge,
  table: TablePanel,
  toplist: TopList,
  heatmap: HeatPanel,
  ladder: Ladder,
  timeline: Timeline,
  text: Text,
};

