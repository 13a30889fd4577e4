/** node shots.mjs URL FLOOR_URL FOLDER [NAME]: photographs every page in both themes; some over a sample floor. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser, openPage, settled } from "./browser.mjs";

const [url, floorUrl, folder, only] = process.argv.slice(2);
const RATE = "sum by (venue) (rate(orders_sent_total[1m]))";
const at = (page, query = {}) => `${url}/${page}?${new URLSearchParams(query)}`;
const onFloor = (page, query = {}) => `${floorUrl}/${page}?${new URLSearchParams(query)}`;

const SHOTS = {
  now: { address: at("") },
  "now-alert": { address: at(""), act: openFirst },
  alerts: { address: at("alerts"), act: openFirst },
  "alerts-silence": { address: at("alerts", { tab: "silences", do: "new", filter: '{venue="okx"}' }) },
  "alerts-history": { address: at("alerts", { tab: "history" }) },
  "alerts-rules": { address: at("alerts", { tab: "rules" }) },
  "alerts-silences": { address: at("alerts", { tab: "silences" }), act: silenceFew },
  "alerts-on-call": { address: at("alerts", { tab: "on-call" }) },
  "alerts-actions": { address: at("alerts", { tab: "actions" }) },
  "alerts-report": { address: at("alerts", { tab: "report" }) },
  "alerts-routes": { address: at("alerts", { tab: "routes", labels: "priority=P1, service=feeds" }) },
  "alerts-channels": { address: at("alerts", { tab: "channels" }) },
  catalog: { address: at("catalog") },
  "catalog-metrics": { address: at("catalog", { tab: "metrics", metric: "feed_age_seconds" }) },
  "catalog-runbook": { address: at("catalog", { tab: "runbooks", runbook: "rate-limit-nearly-used" }) },
  "catalog-findings": { address: at("catalog", { tab: "findings" }) },
  explore: { address: at("explore", { expr: RATE }) },
  "explore-table": { address: at("explore", { expr: "orders_sent_total", view: "table" }) },
  "explore-explain": { address: at("explore", { expr: `${RATE} / on (venue) group_left feed_connected > 0.5`, view: "explain" }) },
  "explore-heatmap": { address: at("explore", { expr: "rate(order_ack_seconds[1m])" }) },
  "explore-stacked": { address: at("explore", { expr: "sum by (strategy) (rate(orders_filled_total[1m]))", shape: "stacked" }) },
  completion: {
    address: at("explore", { expr: "" }),
    act: async (page) => {
      await page.locator("[data-editor]").click();
      await page.keyboard.type("sum by (venue) (rate(ord", { delay: 30 });
      await page.locator(".cm-completions").waitFor();
    },
  },
  desk: { address: onFloor("desk", { from: "now-15m" }), act: heard, size: { height: 1080 } },
  objectives: { address: onFloor("objectives", { objective: "hft/orders-taken", from: "now-5m" }), act: heard },
  drills: { address: onFloor("drills"), act: heard },
  dashboards: { address: at("dashboards") },
  "dashboard-server": { address: at("dashboards", { name: "server", from: "now-5m" }) },
  "dashboard-desk": { address: at("dashboards", { name: "desk", from: "now-1h" }), board: true },
  "platform-health": { address: at("platform", { from: "now-5m" }) },
  "platform-targets": {
    address: at("platform", { tab: "targets" }),
    act: async (page) => {
      await page.getByRole("row").filter({ hasText: "execution" }).first().click();
      await page.locator(".steps > li").nth(2).waitFor();
    },
  },
  "platform-cardinality": { address: at("platform", { tab: "cardinality" }) },
  "platform-queries": { address: at("platform", { tab: "queries" }) },
  "platform-configuration": { address: at("platform", { tab: "configuration" }) },
  palette: { address: at("explore", { expr: RATE }), act: async (page) => { await page.keyboard.press("Escape"); await page.locator(".find").click(); await page.keyboard.type("orders", { delay: 20 }); await page.waitForTimeout(500); } },
  help: { address: at(""), act: async (page) => page.keyboard.press("?") },
  "time-range": { address: at(""), act: async (page) => page.locator("[data-popover=range]").click() },
  "now-phone": { address: at(""), size: { width: 390, height: 780, scale: 2 } },
  "alerts-phone": { address: at("alerts"), size: { width: 390, height: 780, scale: 2 } },
  fault: { address: at("explore", { expr: "sum by (venue) (rate(orders_sent_total[1m])" }) },
};

mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
for (const theme of ["dark", "light"]) {
  for (const [name, { address, act, size, board }] of Object.entries(SHOTS)) {
    if (only && !name.includes(only)) continue;
    const { page, context, complaints } = await openPage(browser, { theme, ...size });
    if (board) await serveBoard(page);
    await page.goto(address);
    await settled(page);
    if (act) await act(page);
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    for (const each of complaints) console.error(`${name} ${theme}: ${each}`);
    await context.close();
  }
}
await browser.close();

/** Every kind of panel over the made-up desk; the catalog declares such boards. */
async function serveBoard(page) {
  const board = JSON.parse(await (await import("node:fs/promises")).readFile(new URL("./desk-board.json", import.meta.url)));
  await page.route("**/api/v1/dashboards/desk", (route) => route.fulfill({ json: { status: "success", data: board } }));
}

/** The worst alert with its drawer. */
async function openFirst(page) {
  await page.locator(".alert h2 a, .alerts-page .link-button").first().click();
  await page.locator(".drawer .answer-row").first().waitFor();
}

/** Silences of several kinds, so that their calendar has something to show. */
async function silenceFew(page) {
  const hours = (count) => new Date(Date.now() + count * 3_600_000).toISOString();
  const known = await (await page.request.get(`${url}/api/v2/silences`)).json();
  for (const [comment, venue, from, to] of known.length ? [] : [["Venue maintenance", "cme", 30, 54], ["Known, ticket 4711", "lse", 0, 20]]) {
    const matchers = [{ name: "venue", value: venue, isRegex: false, isEqual: true }];
    await page.request.post(`${url}/api/v2/silences`, { data: { matchers, startsAt: hours(from), endsAt: hours(to), comment, createdBy: "Ada" } });
  }
  await page.reload();
  await settled(page);
}

/** Until every second's and every minute's questions were answered. */
async function heard(page) {
  await page.waitForTimeout(4_000);
  await settled(page);
}
