import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BadDashboard, readDashboard } from "../src/pages/dashboards/model";
import { webLink } from "../src/pages/links";
import { address, href, parameter, setParameters } from "../src/state/address";
import { share } from "../src/data/query";
import { Table, type Column } from "../src/parts/table";
import own from "../../src/tapewatch/server/dashboards/server.json";

describe("addresses", () => {
  beforeEach(() => setParameters({ from: "", expr: "" }, true));

  it("carry the time range along", () => {
    setParameters({ from: "now-6h", expr: "up" });
    expect(href("platform", { tab: "targets" })).toBe("/platform?from=now-6h&tab=targets");
  });
  it("are read as signals", () => {
    const expr = parameter("expr", "nothing");
    expect(expr.value).toBe("nothing");
    setParameters({ expr: 'up{a="<b>"}' });
    expect(expr.value).toBe('up{a="<b>"}');
    expect(address.value.query.get("expr")).toBe('up{a="<b>"}');
  });
});

describe("dashboards from outside", () => {
  it("are drawn when they are right, the server's own too", () => {
    expect(readDashboard(own).rows.length).toBeGreaterThan(2);
  });
  it("are told every fault with its place", () => {
    const wrong = { name: "x", title: "", rows: [{ panels: [{ kind: "pie", title: "t", queries: [{}] }, 7] }] };
    const read = (): unknown => readDashboard(wrong);
    expect(read).toThrow(BadDashboard);
    expect(read).toThrow(/title: must be a text[\s\S]*kind: "pie" is none of[\s\S]*queries\[0\].expr: must be a text[\s\S]*panels\[1\]: must be an object/);
  });
});

it("makes links only of addresses of the web", () => {
  expect(webLink("https://wiki/runbook")).toBe("https://wiki/runbook");
  expect(webLink("javascript:alert(1)")).toBeUndefined();
  expect(webLink(undefined)).toBeUndefined();
});

describe("shared work", () => {
  it("is done once for all who ask, and given up with the last of them", async () => {
    const stopped = vi.fn();
    const work = vi.fn((signal: AbortSignal) => new Promise<number>((_, reject) => {
      signal.addEventListener("abort", () => { stopped(); reject(new Error("stopped")); });
    }));
    const [one, other] = [share("key", work), share("key", work)];
    one.promise.catch(() => undefined);
    await Promise.resolve();
    expect(work).toHaveBeenCalledTimes(1);
    one.leave();
    expect(stopped).not.toHaveBeenCalled();
    other.leave();
    expect(stopped).toHaveBeenCalledTimes(1);
  });
});

describe("tables", () => {
  afterEach(() => document.body.replaceChildren());

  it("hold only the rows that are seen, and show hostile values as text", () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `<script>${index}</script>`);
    const columns: Column<string>[] = [{ key: "name", title: "name", width: "1fr", cell: (row) => row, order: (row) => row }];
    render(<Table label="Series" columns={columns} rows={rows} height={400} />, document.body);
    expect(document.querySelectorAll("[role=row]").length).toBeLessThan(60);
    expect(document.querySelector("[role=table]")?.getAttribute("aria-rowcount")).toBe("20001");
    expect(document.querySelector("[role=cell]")?.textContent).toBe("<script>0</script>");
    expect(document.querySelector("script")).toBeNull();
  });
});
