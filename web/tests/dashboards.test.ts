import { describe, expect, it } from "vitest";
import { keyOf } from "../src/data/following";
import type { Frame } from "../src/data/frames";
import { averaged } from "../src/pages/dashboards/former";
import { curvesToCsv } from "../src/pages/explore/csv";

function frame(...rows: readonly (readonly [string, readonly number[]])[]): Frame {
  const times = Float64Array.from(rows[0]?.[1] ?? [], (_, index) => 60 * index);
  return { times, series: rows.map(([venue, values]) => ({ labels: { venue }, values: Float64Array.from(values) })) };
}

describe("what was before", () => {
  it("is the mean of the days that have a value, by series and not by place", () => {
    const former = averaged([
      { question: 0, frame: frame(["okx", [2, NaN, NaN]], ["cme", [1, 1, 1]]) },
      { question: 0, frame: frame(["okx", [4, 6, NaN]]) },
      { question: 1, frame: frame(["okx", [9, 9, 9]]) },
    ]);
    expect([...(former.get(keyOf({ venue: "okx" }, 0)) ?? [])]).toEqual([3, 6, NaN]);
    expect([...(former.get(keyOf({ venue: "cme" }, 0)) ?? [])]).toEqual([1, 1, 1]);
    expect(former.size).toBe(3);
  });
});

describe("curves", () => {
  it("are saved with a row for each time, and gaps empty", () => {
    expect(curvesToCsv(frame(["okx", [1.5, NaN]], ["cme", [2, -3]]), ["okx", "=cme"])).toBe(
      "time,okx,'=cme\r\n1970-01-01T00:00:00.000Z,1.5,2\r\n1970-01-01T00:01:00.000Z,,-3\r\n",
    );
  });
});
