/**
 * node desk.mjs URL: looks at the page of the desk as a trader does.
 *
 * Prints a line of JSON for each check, as check.mjs does. The server reads a process that trades.
 */
import assert from "node:assert/strict";
import { axeFaults, openBrowser, openPage, settled } from "./browser.mjs";

const [url] = process.argv.slice(2);
const row = (page, venue) => page.locator(".matrix").first().locator("tr").filter({ hasText: venue });

async function visit(page, query = "") {
  await page.goto(`${url}/desk${query}`);
  await settled(page);
  await row(page, "binance").locator(".place").first().waitFor();
}

const CHECKS = {
  "the matrix tells every venue's feeds": async (page) => {
    await visit(page);
    await row(page, "okx").getByText("Gone").waitFor();
    await row(page, "binance").getByText(/Gaps|not in step/).waitFor();
    await row(page, "binance").getByText(/\d+ gaps, \d+ missing/).waitFor();
    await row(page, "binance").getByText("weight 1m").waitFor();
  },
  "a cell opens with the ranges that never came, and is an address": async (page) => {
    await visit(page);
    await row(page, "binance").locator(".place").click();
    await page.locator(".feed b").filter({ hasText: /^\d+ to \d+$/ }).first().waitFor();
    assert.equal(new URL(page.url()).search, "?venue=binance&channel=depth");
    await page.reload();
    await page.locator(".feed b").filter({ hasText: /^\d+ to \d+$/ }).first().waitFor();
  },
  "a tripped switch says who and why, as text": async (page) => {
    await visit(page);
    await page.getByText("trading is stopped: desk").waitFor();
    await page.getByText("<b>reviewing</b> the fills of 14:20").waitFor();
    await page.getByText(/^ana, /).waitFor();
  },
  "orders, drift and hours are there": async (page) => {
    await visit(page);
    await page.getByRole("row").filter({ hasText: "binance maker" }).getByText(/µs|ms/).first().waitFor();
    await page.getByText(/0\.25 for \d+/).waitFor();
    await page.locator(".hours").getByText("XNYS").waitFor();
  },
  "numbers move by themselves": async (page) => {
    await visit(page);
    const told = () => row(page, "binance").locator(".place-numbers").textContent();
    const before = await told();
    await page.waitForFunction((former) => document.querySelector(".place-numbers")?.textContent !== former, before, { timeout: 45_000 });
  },
  "a past moment is shown as it was": async (page) => {
    await visit(page); // What is seen now is there a moment later, too, however slow the machine is.
    const at = new Date().toISOString();
    await visit(page, `?from=now-5m&to=${at}`);
    await page.getByText(/^As it was at/).waitFor();
  },
};
const RUNNING = { name: "feed_stall", began: Date.now() / 1_000 - 4, ends: Date.now() / 1_000 + 110, fires: ["FeedStale", "NoMarketData"] };
const LETTER = {
  number: 1, revision: 1, service: "slack", receiver: "desk/chat", state: "firing", title: "[P0] <b>FeedStale</b> · connectors", text: "three feeds are silent",
  alerts: ["FeedStale"], at: RUNNING.began + 2.5, changed: RUNNING.began + 2.5, changes: 0, faults: ["text: 4,001 letters, Slack takes 3,000"],
};

/** A server in rehearsal; what it would pass on from the floor and the inbox is given here. */
async function rehearse(page) {
  const state = { running: [] };
  const data = (told) => ({ json: { status: "success", data: told } });
  await page.route("**/api/v1/drills", (route) => route.fulfill(data({
    inbox: "http://127.0.0.1:7603", floor: "", running: state.running,
    known: [{ name: "feed_stall", help: "Feeds fall silent.", fires: RUNNING.fires }, { name: "kill_switch", help: "Somebody stops the desk.", fires: ["KillSwitchTripped"] }],
  })));
  await page.route("**/api/v1/drills/messages*", (route) => route.fulfill(data({ revision: 1, messages: state.running.length ? [LETTER] : [] })));
  await page.route("**/api/v1/drills/faults/*", (route) => {
    state.running = route.request().method() === "POST" ? [RUNNING] : [];
    return route.fulfill(data(RUNNING));
  });
  await page.goto(`${url}/drills`);
}

CHECKS["a fault is let loose, and the page shows who was told when"] = async (page) => {
  await rehearse(page);
  await page.getByLabel("Find a fault or an alert").fill("stale");
  await page.getByRole("button", { name: "Let loose: kill_switch" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Let loose: feed_stall" }).click();
  await page.getByText("told after 2.5 s").waitFor();
  await page.getByText("waiting").waitFor();
  await page.getByText("[P0] <b>FeedStale</b> · connectors").waitFor();
  await page.getByText("Slack takes 3,000").waitFor();
  assert.deepEqual(await axeFaults(page), []);
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByText("told after").waitFor({ state: "detached" });
};
CHECKS["a server that tells people holds no drills"] = async (page) => {
  await page.goto(`${url}/drills`);
  await page.getByText("Drills are for a server that tells nobody").waitFor();
};
for (const theme of ["dark", "light"]) {
  CHECKS[`${theme} is accessible`] = async (page) => {
    await visit(page, "?venue=binance&channel=depth");
    await page.locator(".feed b").first().waitFor();
    assert.deepEqual(await axeFaults(page), []);
  };
}

const browser = await openBrowser();
for (const [name, check] of Object.entries(CHECKS)) {
  const { page, context, complaints } = await openPage(browser, { theme: name.startsWith("light") ? "light" : "dark" });
  page.setDefaultTimeout(45_000);
  let fault = "";
  try {
    await check(page);
    assert.deepEqual(complaints, []);
  } catch (reason) {
    fault = reason.stack;
  }
  console.log(JSON.stringify({ name, fault }));
  await context.close();
}
await browser.close();
