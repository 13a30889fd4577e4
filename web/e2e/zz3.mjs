import { openBrowser, openPage, settled } from "./browser.mjs";
const [url, out, ...paths] = process.argv.slice(2); const b = await openBrowser();
for (const [i, a] of paths.entries()) { const { page, complaints, context } = await openPage(b); page.setDefaultTimeout(60000); await page.goto(`${url}/${a}`); await settled(page).catch(() => console.log(a, "not settled")); await page.waitForTimeout(2500); await page.screenshot({ path: `${out}-${i}.png` }); if (complaints.length) console.log(a, complaints.slice(0, 3)); await context.close(); }
await b.close();
