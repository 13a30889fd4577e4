/**
 * Questions in PromQL: once for all who ask the same, a few at a time, and given up when nobody
 * waits any more.
 */
import { useEffect, useMemo } from "preact/hooks";
import { signal, type ReadonlySignal } from "@preact/signals";
import { ask, isAbort, plain } from "./client";
import { toFrame, toSamples, type Frame, type RawResult, type RawStatistics, type Sample } from "./frames";
import type { Range } from "../state/time";

/** A browser opens six connections to one server; one stays free for the live stream. */
const AT_ONCE = 5;
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800,
];
const PIXELS_A_POINT = 1.5;
const POINTS_MAX = 11_000;

export interface Cost {
  readonly seconds: number;
  readonly samplesRead: number;
  readonly bytes: number;
}

export interface Asked<T> {
  readonly value?: T;
  readonly fault?: Error;
  readonly loading: boolean;
  readonly warnings: readonly string[];
  readonly cost?: Cost;
}

export interface Grid {
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
}

/** Choose the step by the pixels there are, and lay the range on whole steps. */
export function gridOf(range: Range, widthPx: number): Grid {
  const lengthS = (range.endMs - range.startMs) / 1_000;
  const wanted = Math.max((lengthS / Math.max(widthPx, 100)) * PIXELS_A_POINT, lengthS / POINTS_MAX);
  const stepS = STEPS_S.find((step) => step >= wanted) ?? Math.ceil(wanted / 604_800) * 604_800;
  const startS = Math.ceil(range.startMs / 1_000 / stepS) * stepS;
  const endS = Math.max(Math.floor(range.endMs / 1_000 / stepS) * stepS, startS);
  return { startS, endS, stepS };
}

const SCRAPE_S = 15;

/** Fill what a declared query leaves open: the step and a window that holds enough samples. */
export function fillQuery(text: string, stepS: number): string {
  const window = Math.max(4 * SCRAPE_S, stepS + SCRAPE_S);
  return text.replaceAll("$__rate_interval", `${window}s`).replaceAll("$__interval", `${stepS}s`);
}

interface Flight {
  readonly promise: Promise<unknown>;
  readonly stop: AbortController;
  waiting: number;
}

const flights = new Map<string, Flight>();
let running = 0;
const queue: (() => void)[] = [];

/** Whether an answer is being waited for. */
export function asking(): boolean {
  return running > 0;
}

async function place(): Promise<void> {
  if (running < AT_ONCE) {
    running++;
    return;
  }
  await new Promise<void>((resolve) => queue.push(resolve));
}

function leave(): void {
  const next = queue.shift();
  if (next) next();
  else running--;
}

/** Do some work once for all who want it at the same time; the last one to leave stops it. */
export function share<T>(key: string, work: (signal: AbortSignal) => Promise<T>): { promise: Promise<T>; leave: () => void } {
  let flight = flights.get(key);
  if (!flight) {
    const stop = new AbortController();
    const made: Flight = { stop, waiting: 0, promise: limited(() => work(stop.signal), stop.signal) };
    flight = made;
    flights.set(key, made);
    const forget = (): void => {
      if (flights.get(key) === made) flights.delete(key);
    };
    made.promise.then(forget, forget);
  }
  const joined = flight;
  joined.waiting++;
  return {
    promise: joined.promise as Promise<T>,
    leave: () => {
      if (--joined.waiting === 0) {
        joined.stop.abort();
        if (flights.get(key) === joined) flights.delete(key);
      }
    },
  };
}

async function limited<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  await place();
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    leave();
  }
}

interface Told<T> {
  readonly value: T;
  readonly warnings: readonly string[];
  readonly cost: Cost;
}

function costOf(stats: RawStatistics | undefined): Cost {
  return {
    seconds: stats?.timings.execTotalTime ?? 0,
    samplesRead: stats?.samples.totalQueryableSamples ?? 0,
    bytes: 0,
  };
}

export async function askRange(text: string, grid: Grid, signal: AbortSignal): Promise<Told<Frame>> {
  const pairs: [string, string][] = [
    ["query", text],
    ["start", String(grid.startS)],
    ["end", String(grid.endS)],
    ["step", String(grid.stepS)],
    ["stats", "all"],
  ];
  const told = await ask<RawResult>("api/v1/query_range", pairs, signal);
  const value = toFrame(told.data, grid.startS, grid.endS, grid.stepS);
  return { value, warnings: [...told.warnings, ...told.infos], cost: costOf(told.data.stats) };
}

async function askInstant(text: string, atS: number, signal: AbortSignal): Promise<Told<readonly Sample[]>> {
  const pairs: [string, string][] = [["query", text], ["time", String(atS)], ["stats", "all"]];
  const told = await ask<RawResult>("api/v1/query", pairs, signal);
  return { value: toSamples(told.data), warnings: [...told.warnings, ...told.infos], cost: costOf(told.data.stats) };
}

const LOADING: Asked<never> = { loading: true, warnings: [] };
const NOTHING: Asked<never> = { loading: false, warnings: [] };

/**
 * Keep asking while the component is there: again whenever the key changes. The former answer
 * stays, marked as loading, until the new one is there, and also beside a fault: whoever shows it
 * decides whether it is still good. An empty key asks nothing.
 */
export function useAsked<T>(key: string, work: (signal: AbortSignal) => Promise<Told<T>>): ReadonlySignal<Asked<T>> {
  const box = useMemo(() => signal<Asked<T>>(key ? LOADING : NOTHING), []);
  useEffect(() => {
    if (!key) {
      box.value = NOTHING;
      return undefined;
    }
    box.value = { ...box.value, loading: true };
    const shared = share(key, work);
    let gone = false;
    shared.promise.then(
      (told) => {
        if (!gone) box.value = { ...told, loading: false };
      },
      (fault: unknown) => {
        if (!gone && !isAbort(fault)) box.value = { ...box.value, fault: fault as Error, loading: false };
      },
    );
    return () => {
      gone = true;
      shared.leave();
    };
  }, [key]);
  return box;
}

export function useRange(text: string, grid: Grid): ReadonlySignal<Asked<Frame>> {
  const key = text ? `range ${grid.startS} ${grid.endS} ${grid.stepS} ${text}` : "";
  return useAsked(key, (signal) => askRange(text, grid, signal));
}

/** Several ranges on one grid, as one frame; `of` says from which question each series came. */
export interface Frames extends Frame {
  readonly of: readonly number[];
}

export function useRanges(texts: readonly string[], grid: Grid): ReadonlySignal<Asked<Frames>> {
  const key = texts.length ? `ranges ${grid.startS} ${grid.endS} ${grid.stepS} ${texts.join("\u0000")}` : "";
  return useAsked(key, async (signal) => {
    const parts = await Promise.all(texts.map((text) => oneRange(text, grid, signal)));
    const of = parts.flatMap((part, index) => part.value.series.map(() => index));
    const cost = parts.reduce<Cost>((sum, part) => addCosts(sum, part.cost), costOf(undefined));
    const times = parts[0]?.value.times ?? new Float64Array(0);
    const value = { times, series: parts.flatMap((part) => part.value.series), of };
    return { value, warnings: [...new Set(parts.flatMap((part) => part.warnings))], cost };
  });
}

async function oneRange(text: string, grid: Grid, signal: AbortSignal): Promise<Told<Frame>> {
  return askRange(text, grid, signal);
}

function addCosts(one: Cost, other: Cost): Cost {
  return {
    seconds: one.seconds + other.seconds,
    samplesRead: one.samplesRead + other.samplesRead,
    bytes: one.bytes + other.bytes,
  };
}

export function useInstant(text: string, atMs: number): ReadonlySignal<Asked<readonly Sample[]>> {
  const key = text ? `instant ${atMs} ${text}` : "";
  return useAsked(key, (signal) => askInstant(text, atMs / 1_000, signal));
}

/** Any other endpoint; asked again whenever `turn` changes. */
export function useEndpoint<T>(path: string, turn: unknown = 0, pairs: readonly (readonly [string, string])[] = []): ReadonlySignal<Asked<T>> {
  const key = path ? `${path} ${JSON.stringify(pairs)} ${String(turn)}` : "";
  return useAsked<T>(key, async (signal) => {
    const told = await ask<T>(path, pairs, signal);
    return { value: told.data, warnings: told.warnings, cost: costOf(undefined) };
  });
}

/** An endpoint that answers without an envelope. */
export function usePlain<T>(path: string, turn: unknown = 0): ReadonlySignal<Asked<T>> {
  return useAsked<T>(path && `${path} ${String(turn)}`, async (signal) => ({
    value: await plain<T>(path, { signal }), warnings: [], cost: costOf(undefined),
  }));
}
