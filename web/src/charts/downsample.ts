/**
 * As many points as there are pixels: the smallest and the largest of every column, in their order,
 * so that no spike disappears.
 */

export type Row = (number | null)[];

/** First index whose time is not before `at`. */
export function lowerBound(times: Float64Array, at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Cut out the points between two times (one more on each side, so that lines reach the border) and
 * thin them for `columns` pixels. Returns uPlot's aligned data: times first, then a row per series.
 */
export function thin(
  times: Float64Array,
  rows: readonly Float64Array[],
  from: number,
  to: number,
  columns: number,
): [Row, ...Row[]] {
  const first = Math.max(lowerBound(times, from) - 1, 0);
  const last = Math.min(lowerBound(times, to) + 1, times.length);
  const count = last - first;
  if (count <= 2 * columns) return whole(times, rows, first, last);
  const size = count / columns;
  const shown: Row = [];
  for (let column = 0; column < columns; column++) {
    const start = first + Math.floor(column * size);
    const end = first + Math.floor((column + 1) * size);
    shown.push(times[start] as number, times[Math.max(end - 1, start)] as number);
  }
  return [shown, ...rows.map((values) => thinRow(values, first, size, columns))];
}

function whole(times: Float64Array, rows: readonly Float64Array[], first: number, last: number): [Row, ...Row[]] {
  return [Array.from(times.subarray(first, last)), ...rows.map((values) => withGaps(values.subarray(first, last)))];
}

function withGaps(values: Float64Array): Row {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function thinRow(values: Float64Array, first: number, size: number, columns: number): Row {
  const row: Row = new Array<number | null>(2 * columns);
  for (let column = 0; column < columns; column++) {
    const start = first + Math.floor(column * size);
    const end = first + Math.floor((column + 1) * size);
    let low = Infinity;
    let high = -Infinity;
    let lowAt = start;
    let highAt = start;
    for (let index = start; index < end; index++) {
      const value = values[index] as number;
      if (value < low) {
        low = value;
        lowAt = index;
      }
      if (value > high) {
        high = value;
        highAt = index;
      }
    }
    const rising = lowAt <= highAt;
    row[2 * column] = Number.isFinite(low) ? (rising ? low : high) : null;
    row[2 * column + 1] = Number.isFinite(high) ? (rising ? high : low) : null;
  }
  return row;
}

/** Pile rows up: each becomes the sum of itself and those before it; only a gap in all is a gap. */
export function stack(rows: readonly Float64Array[]): Float64Array[] {
  const piled: Float64Array[] = [];
  let below: Float64Array | undefined;
  for (const values of rows) {
    const sum = new Float64Array(values.length);
    for (let index = 0; index < values.length; index++) {
      const own = values[index] as number;
      const under = below ? (below[index] as number) : NaN;
      sum[index] = Number.isNaN(own) ? under : own + (Number.isNaN(under) ? 0 : under);
    }
    piled.push(sum);
    below = sum;
  }
  return piled;
}
