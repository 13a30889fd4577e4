/**
 * node check.mjs URL [TOKEN_URL TOKEN [WORDS]]: walks through the console as a user does.
 *
 * Prints a line of JSON for each check: its name, and the fault if there is one. Every check gets a
 * fresh browser context, and fails too when the page complains.
 */
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { axeFaults, openBrowser, openPage, settled } from "./browser.mjs";

const [url, guardedUrl, token, only = ""] = process.argv.slice(2);
const RATE = "sum by (venue) (rate(orders_sent_total[1m]))";
const at = (page, query = {}) => `${url}/${page}?${new URLSearchParams(query)}`;
const board = JSON.parse(readFileSync(new URL("./desk-board.json", import.meta.url)));

const PAGES = {
  now: at(""),
  explore: at("explore", { expr: RATE }),
  table: at("explore", { expr: "orders_sent_total", view: "table" }),
  explanation: at("explore", { expr: RATE, view: "explain" }),
  alerts: at("alerts"),
  silences: at("alerts", { tab: "silences", do: "new", filter: '{venue="okx"}' }),
  "alert history": at("alerts", { tab: "history" }),
  rules: at("alerts", { tab: "rules" }),
  "on call": at("alerts", { tab: "on-call" }),
  actions: at("alerts", { tab: "actions" }),
  report: at("alerts", { tab: "report" }),
  routes: at("alerts", { tab: "routes", labels: "priority=P1, service=feeds" }),
  channels: at("alerts", { tab: "channels" }),
  objectives: at("objectives"),
  services: at("catalog"),
  metrics: at("catalog", { tab: "metrics", metric: "feed_age_seconds" }),
  runbook: at("catalog", { tab: "runbooks", runbook: "rate-limit-nearly-used" }),
  findings: at("catalog", { tab: "findings" }),
  dashboards: at("dashboards"),
  board: at("dashboards", { name: "desk" }),
  desk: at("desk"),
  drills: at("drills"),
  health: at("platform"),
  targets: at("platform", { tab: "targets" }),
  cardinality: at("platform", { tab: "cardinality" }),
  queries: at("platform", { tab: "queries" }),
  configuration: at("platform", { tab: "configuration" }),
};

async function visit(page, address) {
  await page.route("**/api/v1/dashboards/desk", (route) => route.fulfill({ json: { status: "success", data: board } }));
  await page.goto(address);
  await settled(page);
}

const CHECKS = {};

for (const [name, address] of Object.entries(PAGES)) {
  CHECKS[`${name} is accessible in both themes`] = async (page) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, address);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px wider than a screen of 1280`);
    assert.deepEqual(await axeFaults(page), []);
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("t");
    await settled(page);
    assert.deepEqual(await axeFaults(page), []);
  };
}

CHECKS["a query is written, completed and run from the keyboard"] = async (page) => {
  await visit(page, at("explore"));
  await page.keyboard.press("Escape");
  await page.locator("[data-editor]").click();
  await page.keyboard.type("feed_conn", { delay: 20 });
  await page.locator(".cm-completions").getByText("feed_connected").waitFor();
  await page.waitForTimeout(100);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/expr=feed_connected/);
  await settled(page);
  assert.equal(await page.locator(".legend-row:not(.legend-head)").count(), 4);
};

/** Press Tab until what has the focus is called so. */
async function tabTo(page, name) {
  for (let turn = 0; turn < 80; turn++) {
    await page.keyboard.press("Tab");
    const own = await page.evaluate(() => {
      const place = document.activeElement;
      if (!place?.matches("a, button, input, select, textarea")) return "";
      return place.getAttribute("aria-label") || place.closest("label")?.innerText || place.innerText;
    });
    if (own.includes(name)) return;
  }
  assert.fail(`${name} is not reached by Tab`);
}

CHECKS["an alert is opened, taken over and given back from the keyboard alone"] = async (page) => {
  await visit(page, at(""));
  await tabTo(page, "FeedIsQuiet");
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("complementary", { name: "Alert FeedIsQuiet" });
  await drawer.waitFor();
  await settled(page);
  await tabTo(page, "Your name");
  await page.keyboard.type("Grace");
  await tabTo(page, "Acknowledge");
  await page.keyboard.press("Enter");
  await drawer.getByText(/Grace has it since/).waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  await tabTo(page, "FeedIsQuiet");
  await page.keyboard.press("Enter");
  await drawer.getByText(/Grace has it since/).waitFor();
  await settled(page);
  await tabTo(page, "Give back");
  await page.keyboard.press("Enter");
  await drawer.getByText("Nobody has it.").waitFor();
};

CHECKS["a target is opened from the keyboard"] = async (page) => {
  await visit(page, PAGES.targets);
  await tabTo(page, "ld4-exec-01");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "One target" }).waitFor();
};

CHECKS["a deployment stands on every chart of a dashboard"] = async (page) => {
  const data = { what: "risk limits 4.2", by: "ci", at: new Date(Date.now() - 1_800_000).toISOString() };
  assert.equal((await page.request.post(`${url}/api/v1/changes`, { data })).status(), 200);
  await visit(page, PAGES.board);
  const drawn = await page.evaluate(async () => {
    const told = [];
    const own = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function fillText(text, ...rest) { told.push(text); own.call(this, text, ...rest); };
    dispatchEvent(new KeyboardEvent("keydown", { key: "t" }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    return told.filter((each) => each === "risk limits 4.2").length;
  });
  assert.ok(drawn >= 3, `it is drawn ${drawn} times`);
};

CHECKS["every state is an address: going back brings the former question"] = async (page) => {
  await visit(page, at("explore", { expr: "feed_connected" }));
  await page.goto(at("explore", { expr: "open_positions", view: "table" }));
  await settled(page);
  assert.match(await page.locator(".table").innerText(), /momentum/);
  await page.goBack();
  await settled(page);
  assert.match(await page.locator(".legend").innerText(), /okx/);
};

CHECKS["a slip is told in the server's words, where it is"] = {
  expected: /status of 400/,
  run: async (page) => {
    await visit(page, at("explore", { expr: "sum(rate(orders_sent_total[1m])" }));
    assert.match(await page.getByRole("alert").innerText(), /cannot be read[\s\S]*1:32: parse error: unclosed left parenthesis/);
  },
};

CHECKS["a node of the explanation shows its place in the query"] = async (page) => {
  await visit(page, PAGES.explanation);
  await page.locator(".node").filter({ hasText: "How fast each counter rose" }).click();
  const chosen = await page.evaluate(() => document.querySelector(".editor > div").shadowRoot.querySelector(".cm-content").textContent);
  assert.equal(chosen, RATE);
};

CHECKS["hostile labels are shown as text"] = async (page) => {
  await visit(page, at("explore", { expr: "hostile_labels", view: "table" }));
  const told = await page.locator(".table-body").innerText();
  assert.match(told, /<script>document\.title='owned'<\/script>/);
  assert.match(told, /onerror=document\.title/);
  assert.equal(await page.locator(".table-body img, .table-body script").count(), 0);
  await page.goto(at("explore", { expr: "hostile_labels" }));
  await settled(page);
  assert.notEqual(await page.title(), "owned");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
};

CHECKS["a label leads to every metric that carries it"] = async (page) => {
  await visit(page, at("explore", { expr: "feed_connected", view: "table" }));
  await page.getByRole("link", { name: "okx" }).click();
  await page.waitForURL(/count\+by/);
  await page.locator(".table-body").getByText("orders_sent_total").waitFor();
};

CHECKS["the picker finds a metric by its letters"] = async (page) => {
  await visit(page, at("explore"));
  await page.getByLabel("Find a metric").fill("rejected");
  await page.locator(".picker-name", { hasText: "orders_rejected_total" }).click();
  await page.waitForURL(/expr=orders_rejected_total/);
};

CHECKS["keys go everywhere"] = async (page) => {
  await visit(page, at(""));
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.waitForURL(/platform/);
  await settled(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await page.getByRole("combobox", { name: "Find" }).waitFor();
  await page.keyboard.type("feed_conn", { delay: 10 });
  await page.getByRole("option", { name: /feed_connected/ }).waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.waitForURL(/explore\?expr=feed_connected/);
  await page.keyboard.press("Escape");
};

CHECKS["zone and theme change at a key and stay"] = async (page) => {
  await visit(page, at(""));
  await page.keyboard.press("z");
  assert.match(await page.locator(".clock").innerText(), /Local/);
  await page.keyboard.press("z");
  assert.match(await page.locator(".clock").innerText(), /New York/);
  await page.keyboard.press("t");
  await page.reload();
  await settled(page);
  assert.match(await page.locator(".clock").innerText(), /New York/);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
};

CHECKS["the time range is chosen in words and in moments"] = async (page) => {
  await visit(page, PAGES.explore);
  await page.locator("[data-popover=range]").click();
  await page.getByRole("button", { name: "15m", exact: true }).click();
  await page.waitForURL(/from=now-15m/);
  await page.locator("[data-popover=range]").click();
  await page.getByLabel("From").fill("yesterday");
  assert.match(await page.locator(".field-fault").innerText(), /Write now-2h/);
  assert.ok(await page.getByRole("button", { name: "Show", exact: true }).isDisabled());
};

CHECKS["dragging over a chart zooms, and the address knows it"] = async (page) => {
  await visit(page, PAGES.explore);
  const box = await page.locator(".u-over").boundingBox();
  await page.mouse.move(box.x + 200, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 60, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL(/from=20\d\d-/);
  await settled(page);
  assert.match(await page.locator("[data-popover=range]").innerText(), / to /);
};

CHECKS["live points arrive without asking again"] = async (page) => {
  await visit(page, at("explore", { expr: "sum(tapewatch_http_requests_total)", live: "1", from: "now-5m" }));
  await page.locator(".live-dot.hot").waitFor({ timeout: 6_000 });
  let asked = 0;
  page.on("request", (request) => { if (request.url().includes("query_range")) asked++; });
  await page.waitForTimeout(2_500);
  assert.match(await page.locator(".foot").innerText(), /live (now|\ds ago)/);
  assert.ok(asked <= 1, `${asked} range queries in 2.5 s of following live`);
};

CHECKS["a target that fails says why, and relabelling is shown rule by rule"] = async (page) => {
  await visit(page, PAGES.targets);
  await page.getByRole("row").filter({ hasText: "execution" }).first().click();
  const detail = page.getByRole("complementary", { name: "One target" });
  await detail.getByText("Nothing listens at this address").waitFor();
  await detail.getByText("zone = ld4").first().waitFor();
  await page.getByRole("button", { name: /Dropped 1/ }).click();
  await page.getByRole("row").filter({ hasText: "ny5-exec-09" }).click();
  await detail.getByText("drops the target").waitFor();
};

CHECKS["every kind of panel draws, and a variable narrows it"] = async (page) => {
  await visit(page, PAGES.board);
  assert.equal(await page.locator(".board-panel").count(), board.rows.flatMap((row) => row.panels).length);
  assert.equal(await page.locator(".board-panel .notice").count(), 0);
  await page.locator(".variable select").selectOption("cme");
  await page.waitForURL(/var-venue=cme/);
  await settled(page);
  assert.equal(await page.getByRole("region", { name: "Orders by venue" }).locator(".legend-row:not(.legend-head)").count(), 0);
};

CHECKS["a wrong dashboard is not drawn, and every fault of it is told"] = async (page) => {
  const wrong = { name: "x", title: "X", rows: [{ panels: [{ kind: "pie", title: 7, queries: "up" }] }] };
  await page.route("**/api/v1/dashboards/x", (route) => route.fulfill({ json: { status: "success", data: wrong } }));
  await page.goto(at("dashboards", { name: "x" }));
  const told = await page.locator(".notice").innerText();
  assert.match(told, /rows\[0\]\.panels\[0\]\.kind: "pie" is none of/);
  assert.match(told, /rows\[0\]\.panels\[0\]\.title: must be a text/);
  assert.match(told, /queries: must be a list/);
};

CHECKS["a page that does not exist says so"] = async (page) => {
  await visit(page, at("platform", { tab: "nothing" }));
  assert.equal(await page.locator(".tab[aria-current]").innerText(), "Health");
};

CHECKS["a server that goes away is told, and what is shown stays"] = {
  expected: /ERR_|Failed to load/,
  run: async (page) => {
    await visit(page, at(""));
    await page.route(/\/(api|-)\//, (route) => route.abort());
    await page.keyboard.press("r");
    await page.locator(".foot").getByText("The server does not answer.").waitFor();
    assert.match(await page.locator("main").innerText(), /How fresh every target is/);
  },
};

for (const [name, address] of [["Now", at("")], ["Alerts", at("alerts")], ["a new silence", PAGES.silences]]) {
  CHECKS[`${name} fits on a phone`] = {
    size: { width: 390, height: 780 },
    run: async (page) => {
      await visit(page, address);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
      assert.deepEqual(await axeFaults(page), []);
    },
  };
}

CHECKS["a pointer on one panel is shown on all, heat maps too"] = async (page) => {
  await visit(page, PAGES.board);
  const hairs = () => page.evaluate(() => ({
    map: !document.querySelector(".hair").hidden,
    curves: [...document.querySelectorAll(".u-cursor-x")].filter((each) => !each.style.transform.includes("-10px")).length,
  }));
  await page.locator(".u-over").first().hover();
  assert.equal((await hairs()).map, true);
  const map = page.locator(".plot:has(> .hair) canvas");
  await map.hover();
  const { curves } = await hairs();
  assert.equal(curves, await page.locator(".u-over").count());
  await page.locator("h1").hover();
  assert.deepEqual(await hairs(), { map: false, curves: 0 });
};

CHECKS["every kind of panel is saved as an image"] = async (page) => {
  await visit(page, PAGES.board);
  for (const [index, panel] of board.rows.flatMap((row) => row.panels).entries()) {
    const place = page.locator(".board-panel").nth(index);
    await place.hover();
    await place.locator(".panel-head .tool").click();
    const [saved] = await Promise.all([page.waitForEvent("download"), place.getByRole("button", { name: "Save as an image" }).click()]);
    const image = readFileSync(await saved.path());
    assert.equal(image.toString("latin1", 1, 4), "PNG", panel.title);
    assert.ok(image.length > 4_000, `${panel.title}: ${image.length} bytes`);
  }
};

CHECKS["an action is armed by whom the configuration names, and disarmed again"] = async (page) => {
  await visit(page, PAGES.actions);
  const action = page.getByRole("listitem").filter({ hasText: "pause_quoting" });
  await page.getByLabel("Your name").fill("Mallory");
  await action.getByRole("button", { name: "Arm …" }).click();
  await action.getByLabel("Why it is armed").fill("okx sends old prices");
  await action.getByText("Mallory may not: the configuration names Ada.").waitFor();
  assert.equal(await action.getByRole("button", { name: "Arm it" }).isDisabled(), true);
  await page.getByLabel("Your name").fill("Ada");
  await action.getByLabel("For how long").fill("10m");
  await action.getByRole("button", { name: "Arm it" }).click();
  await action.getByText(/Ada armed it until/).waitFor();
  await action.getByText("armed", { exact: true }).waitFor();
  await action.getByRole("button", { name: "Disarm …" }).click();
  await action.getByLabel("Why it is disarmed").fill("all is well");
  await action.getByRole("button", { name: "Disarm it" }).click();
  await action.getByText("dry run", { exact: true }).waitFor();
  await visit(page, at("alerts", { tab: "history" }));
  assert.match(await page.locator(".happened").innerText(), /armed by Ada until .*why: okx sends old prices/);
};

CHECKS["the server says how it is itself"] = async (page) => {
  await visit(page, PAGES.health);
  const told = await page.locator(".stats").first().innerText();
  assert.match(told, /Rules are late by\s+\d[\s\S]*Of one core\s+[\d.]+\s*%[\s\S]*Write-ahead log\s+[\d.]+\s*[KM]iB[\s\S]*Disk left\s+[\d.]+\s*[GT]iB/);
};

/** Open the drawer of the alert of a venue. */
async function openAlert(page, venue) {
  await visit(page, at(""));
  await page.locator(".alert", { hasText: `venue ${venue}` }).getByRole("link").first().click();
  const drawer = page.getByRole("complementary", { name: /^Alert / });
  await drawer.waitFor();
  await settled(page);
  return drawer;
}

CHECKS["an alert is followed from Now to its runbook, taken over, silenced and let go"] = async (page) => {
  let drawer = await openAlert(page, "okx");
  assert.deepEqual(await axeFaults(page), []);
  assert.match(await drawer.innerText(), /Slow the market maker down[\s\S]*Runbook[\s\S]*What it means[\s\S]*Why it was sent, or not[\s\S]*fired/);
  await drawer.locator(".answer-row").nth(3).waitFor();
  await drawer.getByLabel("Your name").fill("Ada");
  await drawer.getByRole("button", { name: "Acknowledge" }).click();
  await drawer.getByText(/Ada has it since/).waitFor();
  await page.locator(".alert.chosen").getByText("Ada has it").waitFor();
  await drawer.getByLabel("Give it to").fill("Bob");
  await drawer.getByRole("button", { name: "Assign" }).click();
  await drawer.getByText("It is given to Bob.").waitFor();
  await drawer.getByRole("button", { name: "Silence …" }).click();
  await drawer.getByText("It hides 1 that fires now").waitFor();
  await drawer.getByLabel("Why", { exact: true }).fill("known");
  await drawer.getByRole("button", { name: "Silence", exact: true }).click();
  await page.locator(".alert.chosen").getByText("kept quiet").waitFor();
  await drawer.getByText(/silenced by .*Ada: known/).first().waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  await page.goto(at("alerts", { tab: "silences" }));
  await page.getByRole("button", { name: "End it now" }).click();
  await page.getByText("expired").waitFor();
  drawer = await openAlert(page, "okx");
  await drawer.getByRole("button", { name: "Give back" }).click();
  await drawer.getByText("Nobody has it.").waitFor();
};

CHECKS["a message's links ask before anything is done"] = async (page) => {
  const filter = '{alertname="FeedIsQuiet",venue="lse"}';
  await visit(page, at("alerts", { filter, do: "acknowledge" }));
  assert.equal(await page.locator(".alerts-page .table-row").count(), 1);
  await page.getByText("Take FeedIsQuiet over?").waitFor();
  await page.getByRole("button", { name: "Leave it" }).click();
  assert.match(await page.locator(".table-row").innerText(), /nobody/);
  await page.goto(`${url}/silences/new?${new URLSearchParams({ filter })}`);
  await page.waitForURL(/alerts\?tab=silences&do=new/);
  assert.equal(await page.getByLabel("What", { exact: true }).inputValue(), filter);
  await page.goto(`${url}/runbooks/feed-is-quiet`);
  await settled(page);
  assert.match(await page.locator("article").innerText(), /We quote on old prices/);
};

CHECKS["hostile alerts and runbooks are shown as text"] = {
  expected: /404.*runbooks\/strange-words/, // Its runbook is not written, which is one of the findings.
  run: async (page) => {
    await visit(page, at("alerts", { filter: '{alertname="StrangeWords"}' }));
    assert.match(await page.locator(".table-body").innerText(), /<script>document/);
    await page.locator(".table-row", { hasText: "xxxx" }).getByRole("button").click();
    await settled(page);
    await visit(page, at("catalog", { tab: "runbooks", runbook: "feed-is-quiet" }));
    assert.match(await page.locator("article").innerText(), /<script>document\.title='owned'<\/script>[\s\S]*\[where it leads\]\(javascript:/);
    assert.equal(await page.locator("article a[href^=javascript]").count(), 0);
    assert.doesNotMatch(await page.title(), /^owned/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
  },
};

CHECKS["when nothing is wrong, Now says how it knows"] = async (page) => {
  const well = (path, json) => page.route(path, (route) => route.fulfill({ json }));
  await well("**/api/v2/alerts", []);
  await well("**/api/v1/alerting/channels", [{ receiver: "chat", integration: "webhook/0", condition: "working", kind: "webhook" }]);
  await well("**/api/v1/targets?state=active", { status: "success", data: { activeTargets: [] } });
  await visit(page, at(""));
  await page.getByRole("heading", { name: "Nothing is wrong" }).waitFor();
  assert.match(await page.locator(".headline").innerText(), /\d+ of \d+ rules were evaluated in time, none of 1 channels fails/);
};

CHECKS["an alert says what was changed before it, what is at stake, and what can be pulled"] = async (page) => {
  const data = { what: "gateway 2.1 <b>rolled out</b>", by: "ci", at: new Date(Date.now() - 3_600_000).toISOString(), details: ["commit 4711"] };
  assert.equal((await page.request.post(`${url}/api/v1/changes`, { data })).status(), 200);
  const drawer = await openAlert(page, "cme");
  await drawer.getByText("gateway 2.1 <b>rolled out</b>").click();
  await drawer.getByText("commit 4711").waitFor();
  assert.match(await drawer.locator(".stakes").innerText(), /Profit and loss today\s+−?[\d,.]+ USD[\s\S]*Orders a minute/);
  await drawer.getByLabel("Your name").fill("Ada");
  await drawer.getByRole("button", { name: "Actions …" }).click();
  await drawer.getByRole("button", { name: "Pull …" }).click();
  assert.match(await drawer.getByLabel("Why it is pulled").inputValue(), /^RateLimitNearlyUsed: /);
  await drawer.getByRole("button", { name: "Try it" }).click();
  await page.getByText("pause_quoting is pulled").waitFor();
  await visit(page, at("alerts", { tab: "history" }));
  assert.match(await page.locator(".happened").innerText(), /dry run: would call 127\.0\.0\.1:9/);
  await visit(page, at(""));
  assert.match(await page.getByRole("region", { name: "Changes" }).innerText(), /Tapewatch .* started/);
};

CHECKS["somebody stands in for whoever is on call, and takes it back"] = async (page) => {
  await visit(page, PAGES["on call"]);
  const schedule = page.getByRole("region", { name: "Whoever is awake" });
  assert.match(await schedule.innerText(), /(ada|bob|cleo) is on call until/);
  await schedule.getByRole("button", { name: "Stand in …" }).click();
  const form = page.getByRole("form", { name: "Stand in" });
  const who = await form.getByLabel("Who").inputValue();
  await form.getByLabel("Your name").fill("Ada");
  await form.getByRole("button", { name: "Stand in", exact: true }).click();
  await schedule.getByText(new RegExp(`${who} is on call until .* standing in`)).waitFor();
  await schedule.getByRole("button", { name: "Take it back" }).click();
  await schedule.getByText("stands in from").waitFor({ state: "detached" });
};

CHECKS["the report says how good the alerts were"] = async (page) => {
  await visit(page, PAGES.report);
  assert.match(await page.locator(".figures").innerText(), /fired\s+\d+/);
  await page.getByText("OrdersAcceptedBurnsFast").waitFor();
};

CHECKS["a metric says what it costs, and which label makes it"] = async (page) => {
  await visit(page, PAGES.metrics);
  const one = page.getByRole("complementary", { name: "One metric" });
  await one.getByText(/4 series, [\d.]+k samples a day/).waitFor();
  await one.getByText("4 values of 4 that are declared").waitFor();
};

CHECKS["a page of which nothing is heard says so, and asks again"] = {
  expected: /503|ERR_FAILED/,
  run: async (page) => {
    await page.route("**/api/v2/alerts*", (route) => route.fulfill({ status: 503, json: { error: "the book is closed" } }));
    await page.goto(at("alerts"));
    await page.getByText("the book is closed").waitFor();
    await page.unroute("**/api/v2/alerts*");
    await page.keyboard.press("r");
    await page.locator(".alerts-page .table-row").first().waitFor();
  },
};

CHECKS["what does not answer is not taken for well"] = {
  expected: /500/,
  run: async (page) => {
    await page.route("**/api/v2/alerts", (route) => route.fulfill({ json: [] }));
    await page.route("**/api/v1/rules*", (route) => route.fulfill({ status: 500, json: { error: "gone" } }));
    await visit(page, at(""));
    assert.match(await page.locator(".headline h1").innerText(), /nothing is heard of rules/i);
  },
};

CHECKS["the routes say where labels lead"] = async (page) => {
  await visit(page, PAGES.routes);
  assert.match(await page.locator(".route.on").innerText(), /priority="P1" → chat/);
  await page.getByLabel("Labels to try").fill("priority=P2");
  await page.keyboard.press("Enter");
  await page.locator(".route.on", { hasText: "ledger" }).waitFor();
};

CHECKS["Alerts fits on a phone"] = {
  size: { width: 390, height: 780 },
  run: async (page) => {
    await visit(page, at("alerts"));
    await page.getByRole("button", { name: "FeedIsQuiet" }).click();
    await page.getByRole("complementary", { name: "Alert FeedIsQuiet" }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
    assert.deepEqual(await axeFaults(page), []);
  },
};

CHECKS["the editor marks what the server cannot read"] = {
  expected: /status of 400/,
  run: async (page) => {
    await visit(page, at("explore"));
    await page.keyboard.press("Escape");
    await page.locator("[data-editor]").click();
    await page.keyboard.type("sum(up) by (job) bad");
    await page.locator(".cm-slip").waitFor();
    assert.ok(await page.locator(".cm-slip").getAttribute("title"));
  },
};

CHECKS["behind a prefix everything is found"] = async (page) => {
  await page.route(`${url}/desk/tape/**`, async (route) => {
    const target = route.request().url().replace("/desk/tape", "");
    await route.fulfill({ response: await route.fetch({ url: target }) });
  });
  await page.goto(`${url}/desk/tape/explore?expr=feed_connected`);
  await settled(page);
  assert.equal(await page.locator(".legend-row:not(.legend-head)").count(), 4);
  await page.getByRole("link", { name: "Platform" }).click();
  await page.waitForURL(`${url}/desk/tape/platform`);
  await settled(page);
};

CHECKS["an objective opens with its past and with what burnt it"] = async (page) => {
  await visit(page, at("objectives"));
  await page.getByRole("button", { name: "Orders are accepted" }).click();
  await page.locator(".opened .toplist-row").filter({ hasText: "okx" }).first().waitFor();
  await page.locator(".opened .uplot, .opened .empty").first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get("objective")?.split("/")[1], "orders-accepted");
  await settled(page);
  assert.deepEqual(await axeFaults(page), []);
};

CHECKS["a dashboard of Grafana is imported, says what it lacks, and goes again"] = { expected: /status of 400/, run: async (page) => {
  const panel = (type, title, x) => ({ type, title, gridPos: { x, y: 0, w: 12, h: 8 }, targets: [{ expr: 'sum by (venue) (rate(orders_sent_total{venue=~"$venue"}[$__rate_interval]))' }] });
  const venue = { type: "query", name: "venue", query: "label_values(orders_sent_total, venue)" };
  const whole = { title: "From <b>elsewhere</b>", panels: [panel("graph", "Flow", 0), panel("geomap", "Map", 12)], templating: { list: [venue] } };
  await visit(page, at("dashboards"));
  await page.locator("input[type=file]").setInputFiles({ name: "desk.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(whole)) });
  await page.getByRole("heading", { name: "From <b>elsewhere</b>" }).waitFor();
  await page.locator(".uplot").waitFor();
  await page.getByText("1 thing of Grafana's dashboard is not here").click();
  await page.getByText("Map: panels of the kind geomap cannot be drawn").waitFor();
  await page.getByRole("combobox").first().selectOption("okx");
  await settled(page);
  assert.deepEqual(await axeFaults(page), []);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("heading", { name: "Dashboards" }).waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "no.json", mimeType: "application/json", buffer: Buffer.from('{"title": "Empty"}') });
  await page.getByText("the dashboard 'Empty' has no panels").waitFor();
} };

CHECKS["a page is compared with the usual"] = async (page) => {
  await visit(page, at("dashboards", { name: "desk", compare: "usual" }));
  await page.getByRole("button", { name: "The usual", pressed: true }).waitFor();
};

if (guardedUrl) {
  CHECKS["a guarded server asks for its token, once a tab"] = {
    expected: /status of 401/,
    run: async (page) => {
      await page.goto(`${guardedUrl}/explore?expr=up`);
      await page.getByLabel("Token").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("The token is not the server's.").waitFor();
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
      await settled(page);
      await page.reload();
      await settled(page);
      assert.equal(await page.evaluate(() => localStorage.getItem("tapewatch.token")), null);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Token").waitFor();
    },
  };
}

const browser = await openBrowser();
for (const [name, given] of Object.entries(CHECKS)) {
  if (!name.includes(only)) continue;
  const check = typeof given === "function" ? { run: given } : given;
  const { page, context, complaints } = await openPage(browser, { theme: check.theme, ...check.size });
  page.setDefaultTimeout(30_000);
  let fault = "";
  try {
    await check.run(page);
    const odd = complaints.filter((each) => !check.expected?.test(each));
    if (odd.length) fault = `the page complained: ${odd.join("; ")}`;
  } catch (reason) {
    fault = `${reason.message}\n${complaints.join("\n")}`;
  }
  console.log(JSON.stringify({ name, fault }));
  await context.close();
}
await browser.close();
