import { openBrowser, openPage, settled } from "./browser.mjs";
const [url, ...only] = process.argv.slice(2);
const b = await openBrowser(); const { page, complaints } = await openPage(b); page.setDefaultTimeout(60000);
const list = (await (await page.request.get(`${url}/api/v1/dashboards`)).json()).data.map((d) => d.name);
for (const name of list) { if (only.length && !only.some((o) => name.includes(o))) continue;
  await page.goto(`${url}/dashboards?name=${name}&from=now-15m`); try { await settled(page); } catch { console.log(name, "NOT SETTLED"); continue; }
  const t = await page.evaluate(() => ({ panels: document.querySelectorAll(".board-panel").length, empty: [...document.querySelectorAll(".board-panel")].filter((p) => p.querySelector(".empty")).map((p) => p.querySelector("h3").innerText), faults: [...document.querySelectorAll(".board-panel .notice, main > .notice")].map((p) => p.innerText.slice(0, 90)), wide: document.documentElement.scrollWidth - innerWidth }));
  console.log(name, t.panels, "empty:", t.empty.join("; "), t.faults.length ? "FAULTS " + t.faults.join(" | ") : "", t.wide > 0 ? "WIDE" : "");
  if (only.length) await page.screenshot({ path: `/tmp/bench/fl-${name}.png`, fullPage: true });
}
console.log(complaints.slice(0, 5)); await b.close();
