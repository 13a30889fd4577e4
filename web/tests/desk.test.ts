import { describe, expect, it } from "vitest";
import type { Answers, Point } from "../src/pages/desk/answers";
import { budgetsOf, lostIn, placeOf, quantileOf, reader, rungsOf, stepsOf, valuesOf, whysOf } from "../src/pages/desk/model";

const AT = { venue: "okx", channel: "depth" };

function answers(points: Answers["points"]): Answers {
  return { atMs: 1, points };
}

function one(value: number, labels: Record<string, string> = AT): readonly Point[] {
  return [{ labels, value }];
}

function word(points: Answers["points"], session = "open"): string | undefined {
  return placeOf(reader(answers(points)), "okx", "depth", session)?.word;
}

describe("a place of the matrix", () => {
  const well = { connected: one(1), age: one(0.2), messages: one(300) };

  it("tells the worst first", () => {
    expect(word(well)).toBe("Fresh");
    expect(word({ ...well, gaps: one(2) })).toBe("Gaps");
    expect(word({ ...well, gaps: one(2), unsynced: one(3) })).toBe("3 not in step");
    expect(word({ ...well, stale: one(2), unsynced: one(3) })).toBe("2 stale");
    expect(word({ ...well, connected: one(0), stale: one(2) })).toBe("Gone");
  });

  it("lets a venue sleep, and is not there where nobody tells of it", () => {
    expect(word({ ...well, age: one(9_000) }, "closed")).toBe("Closed");
    expect(word({ connected: one(1) })).toBe("Connected");
    expect(word({ connected: one(1, { venue: "cme", channel: "depth" }) })).toBeUndefined();
  });
});

describe("a budget", () => {
  const labels = { venue: "okx", scope: "ip", limit: "weight_1m" };

  it("is bad when it is gone within a minute, and lasts where it never is", () => {
    const of = (used: number, gone: number) => budgetsOf(answers({ used: one(used, labels), gone: one(gone, labels) }), "okx")[0]?.state;
    expect(of(0.4, 30)).toBe("bad");
    expect(of(0.85, Infinity)).toBe("warn");
    expect(of(0.4, Infinity)).toBe("good");
  });
});

describe("percentiles", () => {
  const buckets = [{ lower: 0.01, upper: 0.02, count: 90 }, { lower: 0.02, upper: 0.04, count: 10 }];

  it("are found inside of their bucket, on its own scale", () => {
    expect(quantileOf(buckets, 0.9)).toBeCloseTo(0.02);
    expect(quantileOf(buckets, 0.95)).toBeCloseTo(0.02 * Math.SQRT2);
    expect(quantileOf([{ lower: -2, upper: 2, count: 4 }], 0.25)).toBe(-1);
    expect(quantileOf([], 0.5)).toBeNaN();
  });

  it("belong to the place that is asked for", () => {
    const told = answers({ delays: [{ labels: AT, value: NaN, buckets }] });
    expect(rungsOf(told, "delays", AT).map((each) => each.name)).toEqual(["p50", "p95", "p99", "p99.9"]);
    expect(rungsOf(told, "delays", { ...AT, channel: "trade" })).toEqual([]);
  });
});

describe("orders", () => {
  it("go through their steps in the order of their lives", () => {
    const step = (from: string, to: string): Point => ({ labels: { from, to }, value: NaN, buckets: from === "partial" ? [] : [{ lower: 1, upper: 2, count: 1 }] });
    const told = answers({ steps: [step("ack", "fill"), step("sent", "reject"), step("signal", "risk"), step("sent", "ack"), step("partial", "fill")] });
    expect(stepsOf(told).map(({ from, to }) => `${from} ${to}`)).toEqual(["signal risk", "sent ack", "sent reject", "ack fill"]);
  });

  it("say why not, the most frequent first", () => {
    const told = answers({
      refusals: one(3, { venue: "okx", refusal: "over_limit" }),
      reasons: one(8, { strategy: "maker", rejection_reason: "risk_limit" }),
    });
    expect(whysOf(told)).toEqual([
      { what: "Rejected: risk limit", where: "maker", times: 8 },
      { what: "Refused by the venue: over limit", where: "okx", times: 3 },
    ]);
    expect(valuesOf(told, "venue", "refusals", "reasons")).toEqual(["okx"]);
  });
});

describe("what a feed lost", () => {
  it("puts neighbours together, the newest first, and keeps symbols apart", () => {
    const times = Float64Array.of(0, 60, 120, 180, 240);
    const series = [
      { labels: { symbol: "BTC" }, values: Float64Array.of(NaN, 2, 3, NaN, 4) },
      { labels: { symbol: "ETH" }, values: Float64Array.of(NaN, NaN, NaN, 1, NaN) },
    ];
    expect(lostIn({ times, series })).toEqual([
      { symbol: "BTC", firstS: 180, lastS: 240, count: 4 },
      { symbol: "ETH", firstS: 120, lastS: 180, count: 1 },
      { symbol: "BTC", firstS: 0, lastS: 120, count: 5 },
    ]);
  });
});
