/** Answers as arrays: one grid of times, and for every series a value (or NaN) at each of them. */

export type Labels = Readonly<Record<string, string>>;

export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

export interface Series {
  readonly labels: Labels;
  readonly values: Float64Array;
  /** Native histograms by step, where the series has any. */
  readonly histograms?: ReadonlyMap<number, readonly Bucket[]>;
}

export interface Frame {
  /** Seconds since 1970. */
  readonly times: Float64Array;
  readonly series: readonly Series[];
}

export const EMPTY_FRAME: Frame = { times: new Float64Array(0), series: [] };

type Stamp = readonly [number, string];
type RawBucket = readonly [number, string, string, string];
interface RawHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly RawBucket[];
}

export interface RawSeries {
  readonly metric: Labels;
  readonly values?: readonly Stamp[];
  readonly histograms?: readonly (readonly [number, RawHistogram])[];
}

export interface RawSample {
  readonly metric: Labels;
  readonly value?: Stamp;
  readonly histogram?: readonly [number, RawHistogram];
}

export interface RawStatistics {
  readonly timings: { readonly execTotalTime: number; readonly evalTotalTime: number };
  readonly samples: { readonly totalQueryableSamples: number; readonly peakSamples: number };
}

export type RawResult = { readonly stats?: RawStatistics } & (
  | { readonly resultType: "matrix"; readonly result: readonly RawSeries[] }
  | { readonly resultType: "vector"; readonly result: readonly RawSample[] }
  | { readonly resultType: "scalar" | "string"; readonly result: Stamp }
);

/** Read a number as the API writes it. */
export function readNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}

/** Lay the answer to a range on its grid. */
export function toFrame(result: RawResult, startS: number, endS: number, stepS: number): Frame {
  const count = Math.floor((endS - startS) / stepS + 1e-6) + 1;
  const times = Float64Array.from({ length: count }, (_, index) => startS + index * stepS);
  if (result.resultType !== "matrix") return { times, series: [] };
  return { times, series: result.result.map((each) => toSeries(each, count, startS, stepS)) };
}

function toSeries(raw: RawSeries, count: number, startS: number, stepS: number): Series {
  const values = new Float64Array(count).fill(NaN);
  for (const [at, text] of raw.values ?? []) {
    const index = Math.round((at - startS) / stepS);
    if (index >= 0 && index < count) values[index] = readNumber(text);
  }
  if (!raw.histograms?.length) return { labels: raw.metric, values };
  const histograms = new Map<number, readonly Bucket[]>();
  for (const [at, told] of raw.histograms) {
    histograms.set(Math.round((at - startS) / stepS), readBuckets(told));
  }
  return { labels: raw.metric, values, histograms };
}

export function readBuckets(told: RawHistogram): readonly Bucket[] {
  return (told.buckets ?? []).map(([, lower, upper, count]) => ({
    lower: readNumber(lower),
    upper: readNumber(upper),
    count: readNumber(count),
  }));
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: { readonly count: number; readonly sum: number; readonly buckets: readonly Bucket[] };
}

/** Read the answer for one time. */
export function toSamples(result: RawResult): readonly Sample[] {
  if (result.resultType === "scalar") return [{ labels: {}, value: readNumber((result.result as Stamp)[1]) }];
  if (result.resultType === "string") return [{ labels: { text: (result.result as Stamp)[1] }, value: NaN }];
  if (result.resultType === "vector") return result.result.map(toSample);
  return (result.result as readonly RawSeries[]).map((each) => ({
    labels: each.metric,
    value: readNumber(each.values?.at(-1)?.[1] ?? "NaN"),
  }));
}

function toSample(raw: RawSample): Sample {
  if (!raw.histogram) return { labels: raw.metric, value: readNumber(raw.value?.[1] ?? "NaN") };
  const told = raw.histogram[1];
  const histogram = { count: readNumber(told.count), sum: readNumber(told.sum), buckets: readBuckets(told) };
  return { labels: raw.metric, value: histogram.count, histogram };
}

/** The last number of a series, or NaN. */
export function lastOf(values: Float64Array): number {
  for (let index = values.length - 1; index >= 0; index--) {
    const value = values[index] as number;
    if (!Number.isNaN(value)) return value;
  }
  return NaN;
}

export interface Extent {
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

export function extentOf(values: Float64Array): Extent {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max ? { min: NaN, max: NaN, last: NaN } : { min, max, last: lastOf(values) };
}
