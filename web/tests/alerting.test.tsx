import { render } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import { urgency, worstFirst, type Alert } from "../src/data/alerting";
import { matchersOf, readMatchers, writeMatchers } from "../src/data/matchers";
import { Markdown, readBlocks } from "../src/parts/markdown";
import { columnsOf, usersOf, type Platform, type Service } from "../src/pages/catalog/model";

describe("matchers", () => {
  it("are read with braces and without, and written back", () => {
    const told = readMatchers('{venue="okx", alertname=~"Feed.*",desk!=test}');
    expect(told).toEqual([
      { name: "venue", value: "okx", isRegex: false, isEqual: true },
      { name: "alertname", value: "Feed.*", isRegex: true, isEqual: true },
      { name: "desk", value: "test", isRegex: false, isEqual: false },
    ]);
    expect(writeMatchers(told ?? [])).toBe('{venue="okx", alertname=~"Feed.*", desk!="test"}');
  });
  it.each(["", "{}", "venue", "=okx", '{venue="okx"', 'a="b" c="d"', '{a="\\q"}'])("are not made of %j", (text) => {
    expect(readMatchers(text)).toBeUndefined();
  });
  it("of labels select them, whatever they hold", () => {
    const labels = { alertname: 'a "b" \\ {c}, d="e"', "a.b": "\n" };
    const told = readMatchers(writeMatchers(matchersOf(labels)));
    expect(told).toEqual(matchersOf(labels));
  });
});

describe("alerts", () => {
  it.each([
    [{ priority: "P0", severity: "low" }, 0], [{ severity: "critical" }, 0], [{ severity: "page" }, 0], [{ severity: "high" }, 1],
    [{ severity: "error" }, 1], [{ severity: "warning" }, 2], [{}, 2], [{ severity: "info" }, 3], [{ severity: "P3" }, 3],
  ])("with %j are %d in urgency", (labels, rank) => {
    expect(urgency(labels as Record<string, string>)).toBe(rank);
  });
  it("stand with the worst first, and what is kept quiet last", () => {
    const alert = (fingerprint: string, priority: string, startsAt: string, state = "active") =>
      ({ fingerprint, labels: { priority }, annotations: {}, startsAt, status: { state } }) as unknown as Alert;
    const sorted = worstFirst([alert("a", "P2", "2"), alert("b", "P0", "9", "suppressed"), alert("c", "P0", "5"), alert("d", "P0", "1")]);
    expect(sorted.map((each) => each.fingerprint)).toEqual(["d", "c", "a", "b"]);
  });
});

describe("runbooks", () => {
  afterEach(() => document.body.replaceChildren());

  it("are taken apart into headings, lists, code and words", () => {
    const told = readBlocks("# A\n\nwords\nmore\n- one\n  and on\n- two\n3. three\n\n```promql\nup\n\n# not a heading\n```\nend\n```");
    expect(told.map((each) => each.kind)).toEqual(["heading", "words", "list", "code", "words", "code"]);
    expect(told[2]).toEqual({ kind: "list", ordered: false, start: 1, items: ["one\nand on", "two", "three"] });
    expect(told[3]).toEqual({ kind: "code", language: "promql", text: "up\n\n# not a heading" });
  });
  it("run nothing and lead only where it is known", () => {
    const text = "<img src=x onerror=alert(1)> [no](javascript:alert(1)) [web](https://a.b) [book](feed-stale.md) `c` **s** *e*";
    render(<Markdown text={text} platform="desk" />, document.body);
    expect(document.querySelector("img")).toBeNull();
    expect([...document.querySelectorAll("a")].map((each) => each.getAttribute("href"))).toEqual([
      "https://a.b", "/catalog?tab=runbooks&platform=desk&runbook=feed-stale",
    ]);
    expect(document.body.textContent).toContain("<img src=x onerror=alert(1)> [no](javascript:alert(1)) web");
    expect([..."code strong em".split(" ")].map((each) => document.querySelector(each)?.textContent)).toEqual(["c", "s", "e"]);
  });
});

describe("a catalog", () => {
  const service = (needs: readonly string[]): Service => ({ needs }) as unknown as Service;

  it("lays services behind what they need, also in a circle", () => {
    expect(columnsOf({ a: service(["b", "c"]), b: service(["c"]), c: service([]), d: service(["gone"]) })).toEqual([["c", "d"], ["b"], ["a"]]);
    expect(columnsOf({ a: service(["b"]), b: service(["a"]) }).flat().sort()).toEqual(["a", "b"]);
  });
  it("knows who uses a metric, histograms by their series too", () => {
    const told = usersOf({
      metrics: { up: {}, lat: {}, alone: {} }, alerts: { Down: { expr: "up == 0 and up < 2" } },
      records: { p99: { expr: "histogram_quantile(0.99, rate(lat_bucket[5m]))" } }, objectives: { fast: { fast: "lat" } },
    } as unknown as Platform);
    expect(Object.fromEntries(told)).toEqual({ up: ["alert Down"], lat: ["record p99", "objective fast"], alone: [] });
  });
});
