import { describe, expect, it } from "vitest";
import type { Objective, Platform } from "../src/pages/catalog/model";
import { burners, promisesOf } from "../src/pages/objectives/model";

const OWN: Objective = {
  title: "", target: "99%", over: "30d", service: "", runbook: "", bad: "bad_total", good: "", of: "all_total", fast: "", below: "", up: "", by: [],
};
const platform = (names: readonly string[]): Platform => ({ name: "desk", objectives: Object.fromEntries(names.map((each) => [each, OWN])) }) as unknown as Platform;
const sample = (value: number, labels: Record<string, string>) => ({ value, labels });

function budgets(left: number, burn: number) {
  const told = { left: [sample(left, { objective: "fills" })], burn: [sample(burn, { objective: "fills" })], bad: [], alerts: [] };
  return promisesOf(platform(["fills"]), told)[0]?.budgets[0];
}

const DAY_MS = 86_400_000;

describe("a budget", () => {
  it("lasts as long as the present pace allows", () => {
    expect(budgets(0.5, 3)).toMatchObject({ lastsMs: 5 * DAY_MS, state: "warn" });
    expect(budgets(0.5, 0.9)).toMatchObject({ lastsMs: Infinity, state: "good" });
    expect(budgets(0.2, 0)).toMatchObject({ state: "warn" });
    expect(budgets(0.9, 20)).toMatchObject({ state: "bad" });
    expect(budgets(-0.1, 0)).toMatchObject({ lastsMs: 0, state: "bad" });
  });

  it("is one for each group, the emptiest first, and only of its own platform", () => {
    const left = [
      sample(0.8, { objective: "fills", venue: "okx" }), sample(0.1, { objective: "fills", venue: "cme" }),
      sample(0.0, { objective: "fills", venue: "lse", platform: "other" }), sample(0, { objective: "acks" }),
    ];
    const [acks, fills] = promisesOf(platform(["fills", "acks", "none"]), { left, burn: [], bad: [], alerts: [sample(1, { objective: "acks", alertname: "AcksBurnsFast" })] });
    expect([acks?.name, acks?.alerts]).toEqual(["acks", ["AcksBurnsFast"]]);
    expect(fills?.budgets.map((each) => each.group)).toEqual(["cme", "okx"]);
  });
});

describe("who burnt it", () => {
  it("is asked by what the objective counts", () => {
    expect(burners(OWN, 600)).toBe("topk(8, increase(bad_total[600s]) > 0)");
    expect(burners({ ...OWN, bad: "", up: "min by (venue) (up)" }, 600)).toBe("topk(8, 1 - avg_over_time((min by (venue) (up))[600s:]) > 0)");
    expect(burners({ ...OWN, bad: "", good: "good_total" }, 600)).toBe("");
  });
});
