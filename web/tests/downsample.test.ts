import { describe, expect, it } from "vitest";
import { lowerBound, stack, thin } from "../src/charts/downsample";

const count = 100_000;
const times = Float64Array.from({ length: count }, (_, index) => index);

describe("thinning", () => {
  it("keeps every spike, however narrow", () => {
    const values = new Float64Array(count).fill(1);
    values[54_321] = 900;
    values[12_345] = -900;
    const [, row] = thin(times, [values], 0, count, 500);
    expect(Math.max(...(row as number[]))).toBe(900);
    expect(Math.min(...(row as number[]))).toBe(-900);
    expect(row).toHaveLength(1_000);
  });

  it("shows a gap as a gap", () => {
    const values = new Float64Array(count).fill(1).fill(NaN, 40_000, 60_000);
    const [, row] = thin(times, [values], 0, count, 100);
    expect((row as (number | null)[])[100]).toBeNull();
    expect((row as (number | null)[])[10]).toBe(1);
  });

  it("gives all points where there are few, and one more on each side", () => {
    const [shown] = thin(times, [times], 10, 20, 500);
    expect(shown).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it("takes the smallest and the largest in their order", () => {
    const values = Float64Array.from({ length: count }, (_, index) => -index);
    const [, row] = thin(times, [values], 0, count, 10);
    expect(row?.slice(0, 2)).toEqual([-0, -9_999]);
  });

  it("answers for no points at all", () => {
    expect(thin(new Float64Array(0), [new Float64Array(0)], 0, 1, 10)).toEqual([[], []]);
  });
});

it("finds the first time that is not before", () => {
  expect(lowerBound(Float64Array.of(1, 3, 5), 3)).toBe(1);
  expect(lowerBound(Float64Array.of(1, 3, 5), 6)).toBe(3);
});

it("piles rows up; only a gap in all of them stays one", () => {
  const rows = [Float64Array.of(1, NaN, NaN), Float64Array.of(2, 2, NaN)];
  expect(stack(rows).map((row) => [...row])).toEqual([[1, NaN, NaN], [3, 2, NaN]]);
});
