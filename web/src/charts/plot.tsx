/** Lines over time: uPlot, wrapped once for the whole console. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatValue } from "../data/units";
import { exchange, zone } from "../state/preferences";
import { formatClock, formatTime, zoneName } from "../state/time";
import { colours, faceOf, seriesColour, seriesDash, toneColour, type Tone } from "./colours";
import { stack, thin } from "./downsample";
import { Tip } from "./tip";
import { panBy, pointed, showPart, view, zoomAt, type Pointed } from "./view";

export interface Curve {
  readonly name: string;
  readonly values: Float64Array;
  readonly hidden?: boolean;
  readonly faint?: boolean;
  /** The place in the palette, where it is not the place in the list. */
  readonly colour?: number;
}

export interface Threshold {
  readonly value: number;
  readonly tone: Tone;
  readonly label?: string;
}

/** A stretch of time with a meaning: a session, an alert. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly tone: Tone;
  readonly label: string;
}

/** A moment with a meaning: a deploy, a fault. */
export interface Mark {
  readonly time: number;
  readonly label: string;
  readonly tone?: Tone;
}

export type Shape = "lines" | "area" | "stacked" | "bars";

export interface PlotData {
  readonly times: Float64Array;
  readonly curves: readonly Curve[];
  readonly min: number;
  readonly max: number;
}

export interface PlotProps extends PlotData {
  readonly shape?: Shape;
  readonly logarithmic?: boolean;
  readonly unit?: string;
  readonly thresholds?: readonly Threshold[];
  readonly spans?: readonly Span[];
  readonly marks?: readonly Mark[];
  readonly height: number;
  readonly label: string;
  readonly onHover?: (index: number | undefined) => void;
}

const SYNC = "panels";
const SCALED = /^(percent|ratio|bytes(\/s)?|(nano|micro|milli)?seconds|ns|us|ms|s)$/;
const ZOOM_STEP = 1.15;
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, power) => 2 ** power);
const MOVING_POINTS_MAX = 20_000;
const MOVING_COLUMNS_MIN = 60;
/** Beyond so many curves nobody tells dashes apart, and they are dear to draw. */
const DASHED_MAX = 24;
const DENSE_PX = 3;
const SHADE = 0.07;
const STRIP_PX = 2;

export default function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart>(undefined);
  const structure = structureOf(props);
  useEffect(() => {
    const host = place.current;
    if (!host) return undefined;
    const made = new Chart(host, props);
    chart.current = made;
    return () => made.destroy();
  }, [structure]);
  useEffect(() => chart.current?.update(props));
  return <div class="plot" ref={place} role="img" aria-label={props.label} style={{ height: `${props.height}px` }} />;
}

/** What needs a new chart when it changes; everything else only needs new data. */
function structureOf({ curves, shape, logarithmic, unit, height }: PlotProps): string {
  const drawn = curves.map((each, index) => `${each.colour ?? index}${each.faint ? "f" : ""}`).join(" ");
  return [drawn, shape, logarithmic, unit, height, colours.value.text, zone.value, exchange.value.zone].join("|");
}

class Chart {
  private readonly plot: uPlot;
  private readonly tip: Tip;
  private readonly stop: (() => void)[] = [];
  private rows: readonly Float64Array[];
  private props: PlotProps;

  constructor(
    private readonly host: HTMLElement,
    props: PlotProps,
  ) {
    this.props = props;
    this.rows = rowsOf(props);
    this.tip = new Tip(host);
    this.plot = new uPlot(this.options(), [[], ...props.curves.map(() => [])], host);
    this.tip.attach(this.plot.over);
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(host);
    this.stop.push(() => sizes.disconnect());
    this.listen(this.plot.over);
    // Moving the shared view redraws every panel in the same frame, without a turn of the page.
    this.stop.push(effect(() => this.show(view.value)));
    this.stop.push(effect(() => this.follow(pointed.value)));
  }

  destroy(): void {
    for (const stop of this.stop) stop();
    this.plot.destroy();
    this.tip.destroy();
  }

  update(props: PlotProps): void {
    this.props = props;
    this.rows = rowsOf(props);
    props.curves.forEach((each, index) => {
      const own = this.plot.series[index + 1];
      if (own && own.show === Boolean(each.hidden)) this.plot.setSeries(index + 1, { show: !each.hidden });
    });
    this.show(view.peek());
  }

  private show(part: { min: number; max: number } | undefined): void {
    const { times, min, max } = this.props;
    const shown = part ?? { min, max };
    const pixels = Math.max(Math.floor(this.plot.bbox.width / devicePixelRatio), 50);
    // While the hand moves, many curves are drawn with fewer points each: smooth before fine.
    const affordable = Math.max(Math.floor(MOVING_POINTS_MAX / (2 * this.rows.length || 1)), MOVING_COLUMNS_MIN);
    const columns = part ? Math.min(pixels, affordable) : pixels;
    const data = thin(times, this.rows, shown.min, shown.max, columns);
    this.plot.batch(() => {
      this.plot.setData(data as uPlot.AlignedData, false);
      this.plot.setScale("x", { min: shown.min, max: shown.max });
    });
  }

  private resize(): void {
    const width = this.host.clientWidth;
    if (width && width !== this.plot.width) {
      this.plot.setSize({ width, height: this.props.height });
      this.show(view.peek());
    }
  }

  private options(): uPlot.Options {
    const { height, logarithmic, curves } = this.props;
    return {
      width: Math.max(this.host.clientWidth, 100),
      height,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => zoned(seconds),
      cursor: {
        sync: { key: SYNC, scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6, width: 1.5 },
        focus: { prox: 24 },
      },
      focus: { alpha: 0.35 },
      scales: {
        x: { time: true, auto: false },
        y: logarithmic ? { distr: 3, log: 10 } : { range: (_, low, high) => extent(low, high, this.props) },
      },
      axes: this.axes(),
      series: [{}, ...curves.map((each, index) => this.line(each, index))],
      hooks: {
        drawClear: [(plot) => this.drawSpans(plot)],
        draw: [(plot) => this.drawMarks(plot)],
        setSelect: [(plot) => this.select(plot)],
        setCursor: [(plot) => this.hover(plot)],
      },
    };
  }

  private axes(): uPlot.Axis[] {
    const { muted, grid } = colours.value;
    const common = { stroke: muted, font: faceOf(11), grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    return [
      { ...common, values: timeLabels, space: 72, size: 26, gap: 6 },
      {
        ...common,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formatValue(tick, axisUnit(this.props.unit)))),
        size: (_, labels) => 14 + 6 * Math.max(...(labels ?? [""]).map((each) => each?.length ?? 0), 3),
        gap: 6,
        space: 28,
        ...(this.props.unit?.startsWith("bytes") ? { incrs: POWERS_OF_TWO } : {}),
      },
    ];
  }

  private line(curve: Curve, index: number): uPlot.Series {
    const colour = seriesColour(curve.colour ?? index);
    const { shape } = this.props;
    const many = this.props.curves.length > DASHED_MAX;
    const dash = many ? undefined : seriesDash(curve.colour ?? index);
    return {
      label: curve.name,
      stroke: colour,
      width: curve.faint || many || this.dense() ? 1 : 1.5,
      alpha: curve.faint ? 0.45 : 1,
      show: !curve.hidden,
      points: { show: false },
      ...(dash ? { dash } : {}),
      ...(shape === "area" || shape === "stacked" ? { fill: faded(colour, shape === "area" ? 0.14 : 0.32) } : {}),
      ...(shape === "bars" ? { paths: uPlot.paths.bars?.({ size: [0.8, 24] }) ?? null, fill: faded(colour, 0.7) } : {}),
    } as uPlot.Series;
  }

  /** Whether points lie so close that a thick line would only blur them; thin ones are drawn many times faster. */
  private dense(): boolean {
    return this.props.times.length * DENSE_PX > this.host.clientWidth;
  }

  private drawSpans(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const each of this.props.spans ?? []) {
      const left = Math.max(plot.valToPos(each.start, "x", true), bbox.left);
      const right = Math.min(plot.valToPos(each.end, "x", true), bbox.left + bbox.width);
      if (right <= left) continue;
      ctx.fillStyle = faded(toneColour(each.tone), SHADE);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      // The shade must not drown the curves; the strip below says its tone.
      ctx.fillStyle = toneColour(each.tone);
      ctx.fillRect(left, bbox.top + bbox.height - STRIP_PX * devicePixelRatio, right - left, STRIP_PX * devicePixelRatio);
    }
    ctx.restore();
  }

  private drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.font = faceOf(10 * devicePixelRatio);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    for (const each of this.props.thresholds ?? []) {
      const y = plot.valToPos(each.value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = toneColour(each.tone);
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
      if (each.label) {
        ctx.fillStyle = toneColour(each.tone);
        ctx.fillText(each.label, bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
      }
    }
    ctx.setLineDash([]);
    let told = -Infinity;
    for (const each of this.props.marks ?? []) {
      const x = plot.valToPos(each.time, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = toneColour(each.tone ?? "info");
      line(ctx, x, bbox.top, x, bbox.top + bbox.height);
      if (x < told) continue;
      const gap = 4 * devicePixelRatio;
      const { width } = ctx.measureText(each.label);
      const back = x + gap + width > bbox.left + bbox.width;
      if (back && x - gap - width < told) continue;
      ctx.fillText(each.label, back ? x - gap - width : x + gap, bbox.top + 10 * devicePixelRatio);
      told = back ? x : x + width + 2 * gap;
    }
    ctx.restore();
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width > 4) showPart({ min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") });
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  /** Curves follow each other by themselves; a pointer on something else is brought here. */
  private follow(at: Pointed | undefined): void {
    if (at?.on instanceof Chart || (!at && this.plot.cursor.left === -10)) return;
    const left = at ? this.plot.valToPos(at.seconds, "x") : -10;
    this.plot.setCursor({ left, top: at ? 0 : -10 });
  }

  private hover(plot: uPlot): void {
    const { idx, left, top } = plot.cursor;
    const outside = idx === null || idx === undefined || left === undefined || left < 0;
    if (outside) {
      this.tip.hide();
      if (pointed.peek()?.on === this) pointed.value = undefined;
      this.props.onHover?.(undefined);
      return;
    }
    const seconds = plot.posToVal(left, "x");
    // A cross-hair that another panel leads moves without its tip.
    if (plot.over.matches(":hover")) {
      this.tip.show(this.rowsAt(plot, idx), seconds, left, top ?? 0);
      pointed.value = { seconds, on: this };
    } else this.tip.hide();
    this.props.onHover?.(nearestIndex(this.props.times, seconds));
  }

  private rowsAt(plot: uPlot, index: number) {
    const { curves, unit, shape } = this.props;
    const at = nearestIndex(this.props.times, plot.data[0]?.[index] ?? NaN);
    return curves.flatMap((each, place) => {
      const value = (shape === "stacked" ? each.values[at] : plot.data[place + 1]?.[index]) ?? NaN;
      if (each.hidden || Number.isNaN(value)) return [];
      const focused = plot.series[place + 1]?.alpha === 1 && (plot as { _focus?: number })._focus === place + 1;
      return [{ name: each.name, colour: seriesColour(each.colour ?? place), value, text: formatValue(value, unit), focused }];
    });
  }

  private listen(over: HTMLElement): void {
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) return;
      event.preventDefault();
      const at = this.plot.posToVal(event.offsetX, "x");
      zoomAt(at, event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    };
    const press = (event: PointerEvent): void => {
      if (event.shiftKey && event.button === 0) this.pan(event, over);
    };
    over.addEventListener("wheel", wheel, { passive: false });
    over.addEventListener("pointerdown", press, { capture: true });
    over.addEventListener("mousedown", (event) => {
      if (event.shiftKey) event.stopImmediatePropagation();
    }, { capture: true });
  }

  private pan(press: PointerEvent, over: HTMLElement): void {
    press.preventDefault();
    over.setPointerCapture(press.pointerId);
    let x = press.clientX;
    const move = (event: PointerEvent): void => {
      const { min = 0, max = 0 } = this.plot.scales["x"] ?? {};
      panBy(((x - event.clientX) / over.clientWidth) * ((max ?? 0) - (min ?? 0)));
      x = event.clientX;
    };
    over.addEventListener("pointermove", move);
    over.addEventListener("pointerup", () => over.removeEventListener("pointermove", move), { once: true });
  }
}

/** A unit that never changes is told by the legend; on every tick it would be noise. */
function axisUnit(unit: string | undefined): string {
  return unit && SCALED.test(unit) ? unit : "";
}

function rowsOf({ curves, shape }: PlotProps): readonly Float64Array[] {
  const values = curves.map((each) => each.values);
  return shape === "stacked" ? stack(values) : values;
}

function extent(low: number | null, high: number | null, { thresholds, shape }: PlotProps): [number, number] {
  if (low === null || high === null) return [0, 1];
  const limits = (thresholds ?? []).map((each) => each.value).filter((value) => value <= high * 1.6 && value >= low * 0.4);
  const floor = shape === "stacked" || shape === "bars" || shape === "area" ? Math.min(0, low) : Math.min(low, ...limits);
  const top = Math.max(high, ...limits);
  const [from, to] = uPlot.rangeNum(floor, top === floor ? floor + Math.abs(floor || 1) * 0.1 : top, 0.08, true);
  return [from ?? 0, to ?? 1];
}

function timeLabels(plot: uPlot, ticks: number[]): string[] {
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  const length = (max ?? 0) - (min ?? 0);
  let day = "";
  return ticks.map((tick) => {
    const date = formatTime(tick * 1_000, "day").slice(5);
    if (length > 2 * 86_400) return date;
    const clock = formatClock(tick * 1_000, length < 900);
    const shown = length > 12 * 3_600 && date !== day ? `${clock}\n${date}` : clock;
    day = date;
    return shown;
  });
}

/** uPlot finds round times by the local fields of a date, so it gets one whose fields are the zone's. */
function zoned(seconds: number): Date {
  const name = zoneName(zone.value, exchange.value.zone);
  const date = new Date(seconds * 1_000);
  return name === undefined ? date : uPlot.tzDate(date, name === "UTC" ? "Etc/UTC" : name);
}

export function nearestIndex(times: Float64Array, seconds: number): number {
  const first = times[0] ?? 0;
  const step = (times[1] ?? first + 1) - first;
  const last = times.length - 1;
  let index = Math.min(Math.max(Math.round((seconds - first) / step), 0), last);
  // Live points may come closer together than the grid.
  while (index < last && (times[index + 1] as number) <= seconds) index++;
  while (index > 0 && (times[index] as number) > seconds + step / 2) index--;
  return index;
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

/** The same colour, let through. */
export function faded(colour: string, share: number): string {
  const alpha = Math.round(share * 255).toString(16).padStart(2, "0");
  return `${colour}${alpha}`;
}
