import { openBrowser, openPage, settled } from "./browser.mjs";
const url = process.argv[2]; const b = await openBrowser();
for (const [n, a] of Object.entries({ oncall: "alerts?tab=on-call", actions: "alerts?tab=actions", cmetrics: "catalog?tab=metrics", calerts: "catalog?tab=alerts", crun: "catalog?tab=runbooks", targets: "platform?tab=targets", card: "platform?tab=cardinality", dashboards: "dashboards", health: "platform?from=now-15m", report: "alerts?tab=report", feed: "desk?venue=binance&channel=depth" })) {
  const { page, complaints, context } = await openPage(b); page.setDefaultTimeout(60000); await page.goto(`${url}/${a}`); await settled(page).catch(() => console.log(n, "not settled")); await page.waitForTimeout(800); await page.screenshot({ path: `/tmp/bench/pg-${n}.png` }); if (complaints.length) console.log(n, complaints.slice(0, 3)); await context.close(); }
await b.close();
