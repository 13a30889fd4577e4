/** Which threshold a value has crossed. */
import type { Tone } from "../../charts/colours";
import type { Threshold } from "../../charts/plot";

/**
 * The tone of the highest threshold at or below the value. Where the thresholds grow worse
 * downwards (the lowest is the worst) the value counts as crossed when it is at or below one.
 */
export function severest(value: number, thresholds: readonly Threshold[] | undefined): Tone | undefined {
  if (!thresholds?.length || Number.isNaN(value)) return undefined;
  const rising = [...thresholds].sort((one, other) => one.value - other.value);
  if (growsDownwards(rising)) return rising.find((each) => value <= each.value)?.tone;
  return rising.findLast((each) => value >= each.value)?.tone;
}

const RANK: Readonly<Record<Tone, number>> = { muted: 0, info: 0, good: 0, warn: 1, bad: 2 };

function growsDownwards(rising: readonly Threshold[]): boolean {
  const [lowest] = rising;
  const highest = rising.at(-1);
  return lowest !== undefined && highest !== undefined && RANK[lowest.tone] > RANK[highest.tone];
}
