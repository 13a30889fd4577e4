/** node measure.mjs URL HOURS [REPEATS]: measures the console as its user feels it; prints one JSON object. */
import { openBrowser, openPage, settled } from "./browser.mjs";

const [url, hours, repeats] = process.argv.slice(2);
const REPEATS = Number(repeats ?? 3);
const POINTS = 100_000;
const ROWS = 20_000;
const ALERTS = 5_000;
const told = { notes: [] };
const browser = await openBrowser();

// Whatever else the machine does only takes away, so of several turns the best is nearest to the console's own.
const shortest = (values) => Math.min(...values);
const quickest = (values) => Math.max(...values);

async function repeated(work) {
  const taken = [];
  for (let turn = 0; turn < REPEATS; turn++) taken.push(await work());
  return taken;
}

const whole = await browser.newBrowserCDPSession();

/** The seconds of a core that all processes of the browser have taken, whoever else wanted it. */
async function spent() {
  const { processInfo } = await whole.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, each) => sum + each.cpuTime, 0);
}

/** A fresh context has an empty cache, so each visit is a first one. */
async function fresh(work) {
  const { page, context } = await openPage(browser);
  try {
    return await work(page);
  } finally {
    await context.close();
  }
}

const visits = await repeated(() => fresh(async (page) => {
  await page.goto(`${url}/`);
  await page.locator(".headline h1").waitFor();
  return page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now(),
    ready: performance.now(),
  }));
}));
told.first_paint_ms = shortest(visits.map((each) => each.paint));
told.interactive_ms = shortest(visits.map((each) => each.ready));

const panels = Array.from({ length: 20 }, (_, index) => ({
  kind: "timeseries", title: `Board ${index}`, unit: "/s",
  queries: [{ expr: `sum by (venue) (rate(board_${String(index).padStart(2, "0")}_total[$__rate_interval]))`, legend: "{{venue}}" }],
}));
const board = { name: "many", title: "Many", rows: [0, 1, 2, 3].map((row) => ({ panels: panels.slice(row * 5, row * 5 + 5) })) };
const serveBoard = (page) => page.route("**/api/v1/dashboards/many", (route) => route.fulfill({ json: { status: "success", data: board } }));

const boards = await repeated(() => fresh(async (page) => {
  await serveBoard(page);
  await page.goto(`${url}/platform`);
  await settled(page);
  const began = await page.evaluate((address) => {
    const at = performance.now();
    const link = document.createElement("a");
    link.href = address;
    link.dataset.page = "";
    document.body.append(link);
    link.click();
    return at;
  }, `${url}/dashboards?name=many&from=now-${hours}h`);
  await page.waitForFunction(() => document.querySelectorAll(".board-panel .u-over").length === 20 && !document.querySelector(".loading"));
  return page.evaluate((at) => new Promise((resolve) => requestAnimationFrame(() => resolve({
    ms: performance.now() - at, panels: document.querySelectorAll(".board-panel").length,
  }))), began);
}));
told.board_ms = shortest(boards.map((each) => each.ms));
told.board_panels = boards[0].panels;

told.board_live_share = await fresh(async (page) => {
  await serveBoard(page);
  await page.goto(`${url}/dashboards?name=many&from=now-${hours}h&live=1`);
  await settled(page);
  await page.waitForTimeout(2_500);
  const before = await spent();
  const seconds = 4 * REPEATS;
  await page.waitForTimeout(seconds * 1_000);
  return ((await spent()) - before) / seconds * 100;
});

/** Frames a second while something moves once in each frame. */
async function frames(page, kind, count = 30 * REPEATS) {
  return page.evaluate(async ([kind, count]) => {
    const over = document.querySelector(".u-over");
    const box = over.getBoundingClientRect();
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const fire = (type, x, more) => over.dispatchEvent(new (type === "wheel" ? WheelEvent : PointerEvent)(type, {
      bubbles: true, cancelable: true, clientX: box.left + x, clientY: box.top + 50, pointerId: 1, ...more,
    }));
    over.setPointerCapture = () => undefined;
    if (kind === "pan") fire("pointerdown", 400, { shiftKey: true, button: 0 });
    await next();
    const began = performance.now();
    for (let turn = 0; turn < count; turn++) {
      if (kind === "pan") fire("pointermove", 400 + (turn % 40) * 4);
      else fire("wheel", 500, { ctrlKey: true, deltaY: turn % 60 < 30 ? -1 : 1 });
      await next();
    }
    const spent = performance.now() - began;
    if (kind === "pan") fire("pointerup", 400);
    return (count / spent) * 1_000;
  }, [kind, count]);
}

/** An answer with many points, made here: what is measured is the drawing. */
async function serveLong(page) {
  await page.route("**/api/v1/query_range*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [start, end, step] = ["start", "end", "step"].map((name) => Number(query.get(name)));
    const count = Math.floor((end - start) / step) + 1;
    const series = Math.ceil(POINTS / count);
    const result = Array.from({ length: series }, (_, number) => ({
      metric: { series: `s${number}` },
      values: Array.from({ length: count }, (_, index) => [start + index * step, String(Math.sin(index / 40 + number) * 100 + number + (index * 7919) % 13)]),
    }));
    return route.fulfill({ json: { status: "success", data: { resultType: "matrix", result } } });
  });
}

for (const kind of ["pan", "zoom"]) {
  told[`${kind}_frames`] = await fresh(async (page) => {
    await serveLong(page);
    await page.goto(`${url}/explore?expr=long&from=now-6h`);
    await settled(page);
    await page.waitForTimeout(500);
    return quickest(await repeated(() => frames(page, kind)));
  });
}

const TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];

/**
 * The most time of a core that one frame took on the page's own thread while some work was done.
 * A frame that waits for its turn because others use the machine is late, and no longer.
 */
async function longestOwn(page, work) {
  await browser.startTracing(page, { categories: TRACED });
  const told = await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = traceEvents.find((each) => each.name === "FireAnimationFrame");
  const own = traceEvents.filter((each) => each.pid === main.pid && each.tid === main.tid);
  const begins = own.filter((each) => each.name === "FireAnimationFrame").map((each) => each.ts).sort((one, other) => one - other);
  const tasks = own.filter((each) => each.ph === "X" && each.tdur !== undefined).sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  const frames = new Map();
  let end = -Infinity;
  for (const each of tasks) {
    if (each.ts < end) continue; // Within the task before.
    end = each.ts + each.dur;
    const frame = begins.findLastIndex((begin) => begin <= end);
    frames.set(frame, (frames.get(frame) ?? 0) + each.tdur / 1_000);
  }
  frames.delete(-1);
  return { told, longest: Math.max(...frames.values()) };
}

/** Open a page with a long list: how long after the answer it stands, and the longest frame while it is scrolled. */
async function listed(page, api, answer, target) {
  await page.route(`**/${api}*`, (route) => route.fulfill({ body: JSON.stringify(answer), contentType: "application/json" }));
  await page.goto(`${url}/explore`);
  await settled(page);
  await page.evaluate(([path, href]) => {
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) if (each.name.includes(path)) window.answeredAt = each.responseEnd;
    }).observe({ type: "resource" });
    const link = document.createElement("a");
    link.href = href;
    link.dataset.page = "";
    document.body.append(link);
    link.click();
  }, [api, target]);
  await page.locator(".table-row").first().waitFor();
  const stands = await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - window.answeredAt), 0))));
  const scroll = () => page.evaluate(async () => {
    const body = document.querySelector(".table-body");
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let longest = 0;
    const height = body.scrollHeight;
    let last = await next();
    for (let turn = 1; turn <= 120; turn++) {
      body.scrollTop = (height / 120) * turn;
      const at = await next();
      longest = Math.max(longest, at - last);
      last = at;
    }
    return longest;
  });
  const rows = await page.evaluate(() => Number(document.querySelector("[role=table]").getAttribute("aria-rowcount")) - 1);
  const { told: seen, longest } = await longestOwn(page, scroll);
  return { listed: stands, longest, seen, rows };
}

const result = Array.from({ length: ROWS }, (_, index) => ({
  metric: { __name__: "up", instance: `10.0.${index >> 8}.${index & 255}:9100`, venue: `v${index % 7}` }, value: [1, String(index * 0.37)],
}));
const tables = await repeated(() => fresh((page) => (
  listed(page, "api/v1/query?", { status: "success", data: { resultType: "vector", result } }, "explore?expr=up&view=table")
)));
told.table_ms = shortest(tables.map((each) => each.listed));
told.table_frame_ms = shortest(tables.map((each) => each.longest));
told.table_seen_ms = shortest(tables.map((each) => each.seen));
told.table_rows = tables[0].rows;

const firing = Array.from({ length: ALERTS }, (_, index) => ({
  fingerprint: index.toString(16).padStart(16, "0"), startsAt: new Date(1.79e12 + index * 1_000).toISOString(), receivers: [{ name: "desk" }],
  labels: { alertname: `Alert${index % 40}`, severity: ["critical", "high", "warning", "info"][index % 4], venue: `v${index % 7}`, symbol: `S${index}` },
  annotations: { summary: `S${index} has not moved for ${index} s` }, status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
}));
const alerts = await repeated(() => fresh((page) => listed(page, "api/v2/alerts", firing, "alerts")));
told.alerts_ms = shortest(alerts.map((each) => each.listed));
told.alerts_frame_ms = shortest(alerts.map((each) => each.longest));
told.alerts_seen_ms = shortest(alerts.map((each) => each.seen));
told.alerts_rows = alerts[0].rows;

await browser.close();
console.log(JSON.stringify(told));
