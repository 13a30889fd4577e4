import { render } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import { rulesOf, type Rule } from "../src/data/rules";
import { stakeQuery } from "../src/pages/alerts/stake";
import { Calendar } from "../src/parts/calendar";
import { Changes } from "../src/parts/changes";
import { now } from "../src/state/time";

const place = document.createElement("div");
afterEach(() => render(null, place));

function rule(changes: Partial<Rule>): Rule {
  const lastEvaluation = new Date(now.value - 5_000).toISOString();
  return { name: "r", query: "up", type: "alerting", health: "ok", lastEvaluation, evaluationTime: 0.001, ...changes };
}

describe("a rule", () => {
  const stateOf = (changes: Partial<Rule>) => rulesOf({ groups: [{ name: "g", interval: 15, rules: [rule(changes)] }] })[0]?.state;

  it("is in time, late, failing, or has not had its turn", () => {
    expect(stateOf({})).toBe("good");
    expect(stateOf({ lastEvaluation: new Date(now.value - 60_000).toISOString() })).toBe("warn");
    expect(stateOf({ health: "err" })).toBe("bad");
    expect(stateOf({ lastEvaluation: "0001-01-01T00:00:00Z" })).toBe("muted");
  });
});

describe("what is at stake", () => {
  it("is asked by the labels of the alert, and of what lacks them", () => {
    expect(stakeQuery(["a", "b"], { venue: "okx", severity: "page" })).toBe('sum(a{venue=~"okx|"}) or sum(b{venue=~"okx|"})');
  });

  it("takes a label as it is, not as a pattern", () => {
    expect(stakeQuery(["a"], { symbol: 'BTC.USD|"x"' }, true)).toBe('sum(rate(a{symbol=~"BTC\\\\.USD\\\\|\\"x\\"|"}[5m])) * 60');
  });

  it("is the whole desk's where the alert names nothing", () => {
    expect(stakeQuery(["a"], {})).toBe("sum(a)");
  });
});

describe("a calendar", () => {
  const range = { startMs: 0, endMs: 86_400_000 };

  it("shows what holds in its range, cut to it", () => {
    const span = { tone: "good", words: "Ada", title: "Ada" } as const;
    const spans = [{ ...span, startMs: -1_000, endMs: 43_200_000 }, { ...span, startMs: 2 * range.endMs, endMs: 3 * range.endMs }];
    render(<Calendar label="Times" range={range} lines={[{ name: "one", spans }]} />, place);
    const [shown, ...others] = place.querySelectorAll<HTMLElement>(".calendar-span");
    expect(others).toEqual([]);
    expect([shown?.style.left, shown?.style.width]).toEqual(["0%", "50%"]);
  });
});

describe("changes", () => {
  it("are shown as text, with links that lead to the web alone", () => {
    const at = new Date(now.value).toISOString();
    const change = { at, kind: "deploy", what: "<img src=x>", by: "ci", link: "javascript:alert(1)", details: [] };
    render(<Changes changes={[change]} none="" />, place);
    expect(place.textContent).toContain("<img src=x> ci");
    expect(place.querySelector("img, a")).toBeNull();
  });

  it("say that there are none", () => {
    render(<Changes changes={[]} none="Nothing has." />, place);
    expect(place.textContent).toBe("Nothing has.");
  });
});
