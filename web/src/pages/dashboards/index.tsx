/** Dashboards: the list of them, or one. */
import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Tone } from "../../charts/colours";
import type { Mark, Span } from "../../charts/plot";
import { WATCHDOG } from "../../data/alerting";
import { useChanges } from "../../data/changes";
import { gridOf, useEndpoint, useRanges } from "../../data/query";
import { severityState } from "../../parts/badge";
import { Failed, Loading, Notice } from "../../parts/states";
import { Choice } from "../../parts/tabs";
import { address, href, parameter, setParameters } from "../../state/address";
import { range, setRange } from "../../state/time";
import { Import, LeftOut } from "./import";
import { BadDashboard, readDashboard, type Annotation, type Dashboard, type Height, type Row } from "./model";
import { PanelBox } from "./panel";
import { runsOf } from "./runs";
import { chosenValue, fillVariables, Variables } from "./variables";
import "../../styles/dashboards.css";

interface Listed {
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

const name = parameter("name");
const compare = parameter("compare");
const HEIGHTS_PX: Readonly<Record<Height, number>> = { short: 74, normal: 232, tall: 380 };
const COMPARISONS = { none: "Now alone", "1d": "Yesterday", "7d": "Last week", usual: "The usual" } as const;

export default function Dashboards() {
  return name.value ? <One key={name.value} /> : <List />;
}

function List() {
  const asked = useEndpoint<readonly Listed[]>("api/v1/dashboards").value;
  if (asked.fault) return <Failed fault={asked.fault} />;
  if (!asked.value) return <Loading />;
  return (
    <>
      <div class="page-head"><h1>Dashboards</h1><Import /></div>
      {asked.value.length
        ? <Cards boards={asked.value.filter((each) => !ofService(each))} />
        : <Notice icon="dashboards" title="There are no dashboards yet"><p>A catalog declares them.</p></Notice>}
      {asked.value.some(ofService) && <><div class="page-head"><h2>Services</h2></div><Cards boards={asked.value.filter(ofService)} /></>}
    </>
  );
}

const SERVICE = "service";
const ofService = (each: Listed): boolean => each.tags?.includes(SERVICE) ?? false;

function Cards({ boards }: { boards: readonly Listed[] }) {
  return (
    <ul class="boards">
      {boards.map((each) => (
        <li key={each.name}>
          <a class="panel pad board-card" data-page href={href("dashboards", { name: each.name })}>
            <span class="bright">{each.title}</span>
            <span class="muted">{each.description}</span>
            <span class="tags">{each.tags?.filter((tag) => tag !== SERVICE).map((tag) => <span class="tag" key={tag}>{tag}</span>)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function One() {
  const asked = useEndpoint<unknown>(`api/v1/dashboards/${encodeURIComponent(name.value)}`).value;
  if (asked.fault) return <Failed fault={asked.fault}><a data-page href={href("dashboards", {})}>All dashboards</a></Failed>;
  if (asked.value === undefined) return <Loading />;
  try {
    return <Board board={readDashboard(asked.value)} />;
  } catch (fault) {
    if (!(fault instanceof BadDashboard)) throw fault;
    return (
      <Notice icon="bad" tone="bad" title="This dashboard cannot be drawn">
        <ul>{fault.faults.map((each) => <li key={each}><code>{each}</code></li>)}</ul>
      </Notice>
    );
  }
}

function Board({ board }: { board: Dashboard }) {
  useEffect(() => {
    document.title = `${board.title} · Tapewatch`;
    if (board.range && !address.peek().query.has("from")) setRange(board.range, "now");
  }, [board.name]);
  const told = board.annotations ?? [];
  const marks = [...useMarks(told.filter((each) => !each.shades)), ...useChangeMarks()].sort((one, other) => one.time - other.time);
  const spans = [...useClosedSpans(told.filter((each) => each.shades)), ...useAlertSpans()];
  return (
    <>
      <div class="page-head board-head">
        <h1>{board.title}</h1>
        <p class="muted">{board.description}</p>
        <span class="room" />
        <Variables variables={board.variables ?? []} />
        <Choice
          label="Compare with" names={COMPARISONS} chosen={compare.value || "none"}
          choose={(chosen) => setParameters({ compare: chosen === "none" ? "" : chosen }, true)}
        />
      </div>
      {board.left_out && <LeftOut board={board} />}
      {board.rows.map((row, index) => <BoardRow key={index} row={row} board={board} marks={marks} spans={spans} />)}
    </>
  );
}

function BoardRow({ row, board, marks, spans }: {
  row: Row; board: Dashboard; marks: readonly Mark[]; spans: readonly Span[];
}) {
  const fill = (text: string): string => fillVariables(text, board.variables ?? [], chosenValue);
  const fixed = row.panels.some((panel) => panel.width);
  return (
    <section class="board-row" aria-label={row.title ?? "Row"}>
      {row.title && <h2>{row.title}</h2>}
      <div class={fixed ? "board-grid twelfths" : "board-grid"} style={fixed ? {} : { "--count": String(row.panels.length) }}>
        {row.panels.map((panel, index) => (
          <PanelBox
            key={`${panel.title}${index}`} panel={panel} texts={(panel.queries ?? []).map((each) => fill(each.expr))}
            height={HEIGHTS_PX[heightOf(row)]} marks={marks} spans={spans} compare={compare.value}
          />
        ))}
      </div>
    </section>
  );
}

/** Single values need little room, whoever declared the row; `tall` is meant. */
function heightOf(row: Row): Height {
  const small = row.panels.every((panel) => panel.kind === "stat" || panel.kind === "gauge");
  return small && row.height !== "tall" ? "short" : (row.height ?? "normal");
}

const MARK_WIDTH_PX = 400;

/** Moments at which an annotation's value changed. */
function useMarks(annotations: readonly Annotation[]): readonly Mark[] {
  const grid = useComputed(() => gridOf(range.value, MARK_WIDTH_PX)).value;
  const asked = useRanges(annotations.map((each) => each.expr), grid).value;
  const frame = asked.value;
  if (!frame) return [];
  return frame.series.flatMap((each, index) => {
    const told = annotations[frame.of[index] ?? 0];
    return changesOf(each.values).map((step): Mark => ({
      time: frame.times[step] ?? 0, label: told?.title ?? "", tone: told?.tone ?? "info",
    }));
  });
}

const MARK_LETTERS = 28;
/** A configuration that was read and brought nothing new is not worth a line. */
const MARKED: Readonly<Record<string, Tone>> = { deploy: "info", catalog: "info", configuration: "info", start: "muted", fault: "warn", refused: "bad" };

/** What was changed, deployed or broken on purpose. */
function useChangeMarks(): readonly Mark[] {
  const { startMs, endMs } = range.value;
  const noted = useChanges(startMs, endMs, 0).value ?? [];
  return noted.filter((each) => each.kind !== "configuration" || each.details.length).map((each): Mark => ({
    time: Date.parse(each.at) / 1_000, label: each.what.length > MARK_LETTERS ? `${each.what.slice(0, MARK_LETTERS)}…` : each.what, tone: MARKED[each.kind] ?? "info",
  }));
}

const FIRING = [`ALERTS{alertstate="firing", alertname!="${WATCHDOG}"}`] as const;

/** What is shaded, the milder first; what only informs, as a watchdog that always fires, is not. */
const TONES: readonly Tone[] = ["warn", "bad"];

/** When alerts fired, as rules write it down: where several did, in the tone of the worst, once. */
function useAlertSpans(): readonly Span[] {
  const grid = useComputed(() => gridOf(range.value, MARK_WIDTH_PX)).value;
  const frame = useRanges(FIRING, grid).value.value;
  if (!frame) return [];
  const worst = new Float64Array(frame.times.length).fill(NaN);
  for (const { labels, values } of frame.series) {
    const rank = TONES.indexOf(severityState(labels["severity"]));
    values.forEach((value, step) => {
      if (value === 1 && rank >= 0 && !(rank <= (worst[step] ?? NaN))) worst[step] = rank;
    });
  }
  return runsOf(worst).filter((run) => !Number.isNaN(run.value)).map((run): Span => ({
    start: frame.times[run.first] ?? 0, end: (frame.times[run.last] ?? 0) + grid.stepS, tone: TONES[run.value] ?? "warn", label: "alerts",
  }));
}

/** When an annotation that shades was 0. */
function useClosedSpans(annotations: readonly Annotation[]): readonly Span[] {
  const grid = useComputed(() => gridOf(range.value, MARK_WIDTH_PX)).value;
  const frame = useRanges(annotations.map((each) => each.expr), grid).value.value;
  return (frame?.series ?? []).flatMap(({ values }, index) => {
    const told = annotations[frame?.of[index] ?? 0];
    return runsOf(values).filter((run) => run.value === 0).map((run): Span => ({
      start: frame?.times[run.first] ?? 0, end: (frame?.times[run.last] ?? 0) + grid.stepS, tone: told?.tone ?? "muted", label: told?.title ?? "",
    }));
  });
}

function changesOf(values: Float64Array): number[] {
  const steps: number[] = [];
  for (let step = 1; step < values.length; step++) {
    const [before, own] = [values[step - 1] as number, values[step] as number];
    if (!Number.isNaN(before) && !Number.isNaN(own) && before !== own) steps.push(step);
  }
  return steps;
}
