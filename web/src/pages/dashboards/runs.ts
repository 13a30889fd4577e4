/** Stretches of time in which a value stayed the same. */

export interface Run {
  readonly value: number;
  readonly first: number;
  readonly last: number;
}

/** Put equal neighbours together. */
export function runsOf(values: Float64Array): Run[] {
  const runs: Run[] = [];
  values.forEach((value, index) => {
    const last = runs.at(-1);
    if (last && (last.value === value || (Number.isNaN(last.value) && Number.isNaN(value)))) {
      runs[runs.length - 1] = { ...last, last: index };
    } else runs.push({ value, first: index, last: index });
  });
  return runs;
}
