/**
 * node floor.mjs URL: follows an alert from its cause to its end, as whoever is on call does.
 *
 * Prints a line of JSON for each step, as check.mjs does. The server watches a sample floor; the
 * steps build on each other, so the first that fails is the last.
 */
import assert from "node:assert/strict";
import { axeFaults, openBrowser, openPage, settled } from "./browser.mjs";

const [url] = process.argv.slice(2);
const FAULT = "feed_stall";
const ALERT = "FeedStale";
const PATIENCE_MS = 90_000;
const at = (page, query = {}) => `${url}/${page}?${new URLSearchParams(query)}`;
const browser = await openBrowser();
const { page, complaints } = await openPage(browser, { storage: { "tapewatch.person": "Ada" } });
page.setDefaultTimeout(30_000);
const drawer = page.getByRole("complementary", { name: `Alert ${ALERT}` });

const STEPS = {
  "a fault is let loose, and the message that people would get arrives": async () => {
    // What was never heard cannot fall silent.
    await page.goto(at("desk"));
    await page.locator(".matrix").first().getByText("Fresh").first().waitFor({ timeout: PATIENCE_MS });
    await page.waitForTimeout(10_000);
    await page.goto(at("drills", { find: FAULT }));
    await page.locator("select").selectOption("15m");
    const loose = page.getByRole("button", { name: `Let loose: ${FAULT}` });
    await loose.waitFor({ timeout: PATIENCE_MS });
    await loose.click();
    await page.locator(".disturbed li", { hasText: ALERT }).getByText(/told after/).waitFor({ timeout: PATIENCE_MS });
    await page.getByRole("region", { name: "Inbox" }).getByText(ALERT).first().waitFor();
  },
  "Now shows it, with what it is about": async () => {
    await page.goto(at(""));
    await page.locator(".alert", { hasText: ALERT }).getByRole("link").first().click();
    await drawer.waitFor();
    await settled(page);
    assert.match(await drawer.innerText(), /Since [\s\S]*What to do[\s\S]*Nobody has it/);
    assert.deepEqual(await axeFaults(page), []);
  },
  "its chart opens, and shows what crossed the line": async () => {
    const here = page.url();
    await drawer.getByRole("link", { name: "Its expression" }).click();
    await page.waitForURL(/explore\?.*expr=/);
    await settled(page);
    await page.locator(".answer-chart .u-over").waitFor();
    assert.ok(await page.locator(".legend-row:not(.legend-head)").count() > 0);
    await page.goto(here);
    await drawer.waitFor();
    await settled(page);
  },
  "the runbook stands beside it, its questions answered": async () => {
    await drawer.getByRole("heading", { name: "Runbook" }).waitFor();
    // The runbook comes first, and its questions are asked when it is there.
    await drawer.locator(".code .answer-row").first().waitFor();
    await settled(page);
    assert.equal(await drawer.locator(".code .answers .fault").count(), 0);
  },
  "it is taken over and silenced, after what that hides was said": async () => {
    await drawer.getByRole("button", { name: "Acknowledge" }).click();
    await drawer.getByText(/Ada has it since/).waitFor();
    await drawer.getByRole("button", { name: "Silence …" }).click();
    await drawer.getByText(/It hides \d+ that fires? now/).waitFor();
    await drawer.getByLabel("Why", { exact: true }).fill("the venue answers us");
    await drawer.getByRole("button", { name: "Silence", exact: true }).click();
    await page.locator(".alert.chosen").getByText("kept quiet").waitFor();
    await drawer.getByText(/silenced by .*Ada: the venue answers us/).first().waitFor();
  },
  "the cause ends, and the alert with it": async () => {
    await page.goto(at("drills", { find: FAULT }));
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByRole("button", { name: "End it" }).waitFor({ state: "detached" });
    await page.goto(at("alerts", { filter: `{alertname="${ALERT}"}` }));
    await page.getByText("Nothing that fires matches.").waitFor({ timeout: 2 * PATIENCE_MS });
  },
  "the history tells all of it": async () => {
    await page.goto(at("alerts", { tab: "history", filter: `{alertname="${ALERT}"}` }));
    await settled(page);
    const told = await page.locator(".happened").innerText();
    for (const word of ["fired", "acknowledged", "resolved"]) assert.match(told, new RegExp(word), told);
  },
};

for (const [name, step] of Object.entries(STEPS)) {
  let fault = "";
  try {
    await step();
    assert.deepEqual(complaints, []);
  } catch (reason) {
    fault = reason.stack;
  }
  console.log(JSON.stringify({ name, fault }));
  if (fault) break;
}
await browser.close();
