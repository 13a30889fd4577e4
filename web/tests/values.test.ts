import { describe, expect, it } from "vitest";
import { toFrame, toSamples, type RawResult } from "../src/data/frames";
import { fillLegend, fullName, shortNames } from "../src/data/names";
import { fillQuery, gridOf } from "../src/data/query";
import { formatExact, formatValue } from "../src/data/units";
import { toCsv } from "../src/pages/explore/csv";
import { fillVariables } from "../src/pages/dashboards/variables";
import { runsOf } from "../src/pages/dashboards/runs";
import { severest } from "../src/pages/dashboards/severity";
import { adviceFor } from "../src/pages/platform/advice";
import { sortRows, type Column } from "../src/parts/table";

describe("numbers", () => {
  it.each([
    [0.000_361, "s", "361 µs"], [75, "s", "1.25 m"], [1_536, "bytes", "1.5 KiB"], [0.5864, "ratio", "58.64 %"],
    [1_234_567, "", "1.23M"], [2_499.4, "USD", "2,499 USD"], [-424, "USD", "−424 USD"], [NaN, "", "–"], [Infinity, "", "∞"],
    [0, "s", "0 s"], [12, "integer", "12"], [0.0000012, "", "1.20e-6"], [999.99, "", "1k"],
  ])("writes %d as %s", (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });
  it("writes a cell of a table exactly", () => {
    expect(formatExact(1_234_567)).toBe("1,234,567");
    expect(formatExact(0.1 + 0.2)).toBe("0.3");
    expect(formatExact(-Infinity)).toBe("-Inf");
  });
});

describe("frames", () => {
  const raw: RawResult = { resultType: "matrix", result: [{ metric: { venue: "okx" }, values: [[100, "1"], [130, "NaN"], [145, "+Inf"]] }] };
  it("lays points on their grid and leaves gaps", () => {
    const frame = toFrame(raw, 100, 160, 15);
    expect([...frame.times]).toEqual([100, 115, 130, 145, 160]);
    expect([...(frame.series[0]?.values ?? [])]).toEqual([1, NaN, NaN, Infinity, NaN]);
  });
  it("reads a number as one sample without labels", () => {
    expect(toSamples({ resultType: "scalar", result: [1, "7"] })).toEqual([{ labels: {}, value: 7 }]);
  });
  it("chooses a step by the pixels and lies on whole steps", () => {
    const grid = gridOf({ startMs: 1_000_123, endMs: 4_600_123 }, 700);
    expect(grid.stepS).toBe(10);
    expect(grid.startS % 10).toBe(0);
    expect(grid.endS).toBeGreaterThan(grid.startS);
  });
});

describe("names", () => {
  it("names series by what sets them apart", () => {
    expect(shortNames([{ __name__: "up", job: "a", env: "x" }, { __name__: "up", job: "b", env: "x" }])).toEqual(["a", "b"]);
    expect(shortNames([{ job: "a", env: "x" }, { job: "b", env: "y" }])).toEqual(["job=a env=x", "job=b env=y"]);
  });
  it("gives one alone its whole name, quoted where it has to be", () => {
    expect(fullName({ __name__: "up", "a.b": 'say "hi"' })).toBe('up{"a.b"="say \\"hi\\""}');
  });
  it("fills a legend, and an unknown label with nothing", () => {
    expect(fillLegend("{{ venue }}/{{nope}}", { venue: "okx" })).toBe("okx/");
  });
});

describe("dashboards", () => {
  it("fills variables as patterns that match only themselves", () => {
    const venue = [{ name: "venue", label: "venue" }];
    expect(fillVariables('x{venue=~"$venue"}', venue, () => "")).toBe('x{venue=~".*"}');
    expect(fillVariables('x{venue=~"${venue}"}', venue, () => "a.b")).toBe('x{venue=~"a\\\\.b"}');
    expect(fillVariables('x{venue=~"$venue"}', venue, () => '"} or up{a="')).not.toContain('"} or up{a="');
  });
  it("chooses a window that holds enough samples", () => {
    expect(fillQuery("rate(x[$__rate_interval])", 5)).toBe("rate(x[60s])");
    expect(fillQuery("rate(x[$__rate_interval])", 300)).toBe("rate(x[315s])");
  });
  it("puts equal neighbours together, gaps too", () => {
    expect(runsOf(Float64Array.of(1, 1, NaN, NaN, 0)).map(({ first, last }) => [first, last])).toEqual([[0, 1], [2, 3], [4, 4]]);
  });
  it("finds the threshold that was crossed, upwards and downwards", () => {
    const up = [{ value: 70, tone: "warn" }, { value: 90, tone: "bad" }] as const;
    expect([60, 75, 95].map((value) => severest(value, up))).toEqual([undefined, "warn", "bad"]);
    const down = [{ value: 0.4, tone: "bad" }, { value: 0.55, tone: "warn" }] as const;
    expect([0.3, 0.5, 0.9].map((value) => severest(value, down))).toEqual(["bad", "warn", undefined]);
  });
});

it("quotes CSV, and lets no spreadsheet run a label", () => {
  const rows = [{ labels: { a: '=cmd|"x"', b: "one,two" }, value: 1 }];
  expect(toCsv(rows, ["a", "b"])).toBe('a,b,value\r\n"\'=cmd|""x""","one,two",1\r\n');
});

it("advises by the words of the fault", () => {
  expect(adviceFor("127.0.0.1:1: Connection refused")).toMatch(/Nothing listens/);
  expect(adviceFor("server returned HTTP status 404")).toMatch(/metrics_path/);
});

it("orders rows by numbers, those without one at the end that is asked for", () => {
  const columns: Column<number>[] = [{ key: "n", title: "n", width: "1fr", cell: String, order: (row) => row }];
  expect(sortRows([2, NaN, 10, 1], columns, { key: "n", falling: true })).toEqual([10, 2, 1, NaN]);
});
