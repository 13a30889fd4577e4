/** What a panel showed before: a day or a week earlier, or as it usually is at this time of the day. */
import { keyOf } from "../../data/following";
import type { Frame } from "../../data/frames";
import { askRange, useAsked, type Grid } from "../../data/query";
import { parseDuration } from "../../state/time";

/** Values on the grid of the present, by the series that they belong to. */
export type Former = ReadonlyMap<string, Float64Array>;

export const USUAL = "usual";
const DAY_S = 86_400;
const USUAL_DAYS = 7;

function shiftsOf(compare: string): readonly number[] {
  if (compare === USUAL) return Array.from({ length: USUAL_DAYS }, (_, index) => (index + 1) * DAY_S);
  const byS = parseDuration(compare) / 1_000;
  return Number.isFinite(byS) ? [byS] : [];
}

export function useFormer(texts: readonly string[], grid: Grid, compare: string): Former | undefined {
  const shifts = shiftsOf(compare);
  const key = shifts.length && texts.length ? `former ${compare} ${grid.startS} ${grid.endS} ${grid.stepS} ${texts.join("\u0000")}` : "";
  return useAsked<Former>(key, async (signal) => {
    const asked = shifts.flatMap((byS) => texts.map(async (text, question) => {
      const told = await askRange(text, { ...grid, startS: grid.startS - byS, endS: grid.endS - byS }, signal);
      return { question, frame: told.value };
    }));
    return { value: averaged(await Promise.all(asked)), warnings: [], cost: { seconds: 0, samplesRead: 0, bytes: 0 } };
  }).value.value;
}

/** The mean of every series over the frames that have it; gaps of one frame are filled by others. */
export function averaged(parts: readonly { readonly question: number; readonly frame: Frame }[]): Former {
  const sums = new Map<string, { readonly total: Float64Array; readonly counts: Float64Array }>();
  for (const { question, frame } of parts) {
    for (const { labels, values } of frame.series) {
      const key = keyOf(labels, question);
      const own = sums.get(key) ?? { total: new Float64Array(values.length), counts: new Float64Array(values.length) };
      sums.set(key, own);
      values.forEach((value, index) => {
        if (Number.isNaN(value) || index >= own.total.length) return;
        own.total[index] = (own.total[index] ?? 0) + value;
        own.counts[index] = (own.counts[index] ?? 0) + 1;
      });
    }
  }
  return new Map([...sums].map(([key, { total, counts }]) => [key, total.map((sum, index) => sum / (counts[index] || NaN))]));
}
