/** How observations spread over time: a column for each step, a cell for each bucket. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { formatValue } from "../data/units";
import type { Bucket, Frame } from "../data/frames";
import { formatClock, formatTime } from "../state/time";
import { colours, faceOf, heatColour, readHex } from "./colours";
import { pointed } from "./view";

export interface Cell extends Bucket {
  readonly step: number;
}

export interface Heat {
  readonly cells: readonly Cell[];
  readonly low: number;
  readonly high: number;
  readonly most: number;
}

const LEFT = 58;
const BOTTOM = 22;
const TICKS = 6;

/** Gather the cells of a frame: from native histograms, or from series with an `le` each. */
export function heatOf(frame: Frame): Heat {
  const native = frame.series.some((each) => each.histograms);
  const cells = native ? nativeCells(frame) : classicCells(frame);
  const filled = cells.filter((cell) => cell.count > 0 && cell.upper > 0 && Number.isFinite(cell.upper));
  const low = filled.reduce((least, cell) => Math.min(least, cell.lower > 0 ? cell.lower : cell.upper / 2), Infinity);
  const high = filled.reduce((most, cell) => Math.max(most, cell.upper), 0);
  const most = filled.reduce((largest, cell) => Math.max(largest, cell.count), 0);
  return { cells: filled, low, high, most };
}

function nativeCells(frame: Frame): Cell[] {
  const sums = new Map<string, Cell>();
  for (const series of frame.series) {
    for (const [step, buckets] of series.histograms ?? []) {
      for (const bucket of buckets) {
        const key = `${step} ${bucket.upper}`;
        const known = sums.get(key);
        sums.set(key, { ...bucket, step, count: bucket.count + (known?.count ?? 0) });
      }
    }
  }
  return [...sums.values()];
}

function classicCells(frame: Frame): Cell[] {
  const ordered = frame.series
    .map((each) => ({ upper: Number(each.labels["le"]?.replace("+Inf", "Infinity") ?? NaN), values: each.values }))
    .filter((each) => !Number.isNaN(each.upper))
    .sort((one, other) => one.upper - other.upper);
  const cells: Cell[] = [];
  ordered.forEach(({ upper, values }, index) => {
    const below = ordered[index - 1];
    values.forEach((value, step) => {
      const count = value - (below ? (below.values[step] ?? 0) : 0);
      if (count > 0) cells.push({ step, lower: below?.upper ?? 0, upper, count });
    });
  });
  return cells;
}

export default function Heatmap({ frame, unit, height, label }: {
  frame: Frame; unit?: string | undefined; height: number; label: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const hair = useRef<HTMLElement>(null);
  const heat = heatOf(frame);
  useEffect(() => {
    const own = canvas.current;
    if (!own) return undefined;
    const draw = (): void => paint(own, frame, heat, unit ?? "", height);
    const sizes = new ResizeObserver(draw);
    sizes.observe(own.parentElement as Element);
    draw();
    return () => sizes.disconnect();
  }, [frame, unit, height, colours.value.text]);
  const hover = (event: MouseEvent): void => {
    const seconds = secondsAt(event.offsetX, frame, canvas.current?.clientWidth ?? 0);
    pointed.value = Number.isNaN(seconds) ? undefined : { seconds, on: canvas };
    showCell(event, frame, heat, unit ?? "", height, tip.current);
  };
  const leave = (): void => {
    pointed.value = undefined;
    tip.current?.setAttribute("hidden", "");
  };
  useEffect(() => effect(() => moveHair(hair.current, pointed.value?.seconds, frame, canvas.current?.clientWidth ?? 0)), [frame]);
  return (
    <div class="plot" style={{ height: `${height}px` }}>
      <canvas ref={canvas} role="img" aria-label={label} onMouseMove={hover} onMouseLeave={leave} />
      <i class="hair" ref={hair} hidden style={{ height: `${height - BOTTOM}px` }} />
      <div class="tip" ref={tip} hidden />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, frame: Frame, heat: Heat, unit: string, height: number): void {
  const width = canvas.parentElement?.clientWidth ?? 300;
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.scale(ratio, ratio);
  paintCells(ctx, frame, heat, width, height);
  paintAxes(ctx, frame, heat, width, height, unit);
}

function paintCells(ctx: CanvasRenderingContext2D, frame: Frame, heat: Heat, width: number, height: number): void {
  const scale = colours.value.heat.map(readHex);
  const columnPx = (width - LEFT) / Math.max(frame.times.length, 1);
  for (const cell of heat.cells) {
    // Whole pixels, or neighbours leave a mesh of seams between them.
    const top = Math.round(yOf(cell.upper, heat, height));
    const bottom = Math.round(yOf(Math.max(cell.lower, heat.low), heat, height));
    // The eye compares lightness; the square root keeps rare cells visible.
    ctx.fillStyle = heatColour(Math.sqrt(cell.count / heat.most), scale);
    const left = Math.round(LEFT + cell.step * columnPx);
    const right = Math.round(LEFT + (cell.step + 1) * columnPx);
    ctx.fillRect(left, top, Math.max(right - left, 1), Math.max(bottom - top, 1));
  }
}

function paintAxes(
  ctx: CanvasRenderingContext2D, frame: Frame, heat: Heat, width: number, height: number, unit: string,
): void {
  ctx.fillStyle = colours.value.muted;
  ctx.font = faceOf(11);
  ctx.textAlign = "right";
  for (let tick = 0; tick < TICKS; tick++) {
    const value = heat.low * (heat.high / heat.low) ** (tick / (TICKS - 1));
    if (Number.isFinite(value)) ctx.fillText(formatValue(value, unit), LEFT - 8, yOf(value, heat, height) + (tick ? 8 : 0));
  }
  ctx.textAlign = "center";
  const count = Math.max(Math.floor((width - LEFT) / 110), 1);
  for (let tick = 1; tick <= count; tick++) {
    const step = Math.floor((frame.times.length * (tick - 0.5)) / count);
    const x = LEFT + ((width - LEFT) * (tick - 0.5)) / count;
    ctx.fillText(formatClock((frame.times[step] ?? 0) * 1_000, false), x, height - 6);
  }
}

/** The time under a place of the map; NaN beside it. */
export function secondsAt(x: number, { times }: Frame, width: number): number {
  return times[Math.floor(((x - LEFT) / (width - LEFT)) * times.length)] ?? NaN;
}

/** Show the time that the page points at, where the map has it. */
function moveHair(hair: HTMLElement | null, seconds: number | undefined, { times }: Frame, width: number): void {
  const first = times[0] ?? NaN;
  const step = (times[1] ?? NaN) - first;
  const share = ((seconds ?? NaN) - first + step / 2) / (step * times.length);
  if (!hair) return;
  hair.hidden = !(share >= 0 && share <= 1);
  hair.style.transform = `translateX(${LEFT + share * (width - LEFT)}px)`;
}

function yOf(value: number, heat: Heat, height: number): number {
  const share = Math.log(value / heat.low) / Math.log(heat.high / heat.low || 2);
  return (height - BOTTOM) * (1 - Math.min(Math.max(share, 0), 1));
}

function showCell(
  event: MouseEvent, frame: Frame, heat: Heat, unit: string, height: number, tip: HTMLElement | null,
): void {
  const width = (event.currentTarget as HTMLElement).clientWidth;
  const step = Math.floor(((event.offsetX - LEFT) / (width - LEFT)) * frame.times.length);
  const found = heat.cells.find((cell) => {
    if (cell.step !== step) return false;
    const top = yOf(cell.upper, heat, height);
    const bottom = yOf(Math.max(cell.lower, heat.low), heat, height);
    return event.offsetY >= top && event.offsetY <= bottom;
  });
  if (!tip) return;
  tip.hidden = !found;
  if (!found) return;
  const span = `${formatValue(found.lower, unit)} to ${formatValue(found.upper, unit)}`;
  tip.textContent = `${formatTime((frame.times[step] ?? 0) * 1_000)}  ${span}: ${formatValue(found.count)}`;
  tip.style.transform = `translate(${Math.min(event.offsetX + 12, width - 260)}px, ${event.offsetY + 12}px)`;
}
