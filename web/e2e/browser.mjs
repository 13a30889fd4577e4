/** A browser that tells of everything that went wrong in its pages. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function openBrowser() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no chromium: install it, or name it in CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });
}

/** Open a page; what it complains of is added to `complaints`. */
export async function openPage(browser, { theme = "dark", width = 1440, height = 900, scale = 1, storage = {} } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, deviceScaleFactor: scale, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB",
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()} at ${message.location().url}`);
  });
  page.on("pageerror", (fault) => complaints.push(`fault: ${fault.message}`));
  await page.addInitScript((kept) => {
    for (const [name, value] of Object.entries(kept)) {
      if (localStorage.getItem(name) === null) localStorage.setItem(name, JSON.stringify(value));
    }
  }, { "tapewatch.theme": theme, ...storage });
  return { page, context, complaints };
}

/** Wait until nothing on the page says that it is still asking. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const busy = document.querySelector(".loading, [aria-busy=true], .editor-wait");
    return document.querySelector("#page") && !busy;
  }, undefined, { timeout: 45_000 });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** What axe finds wrong; run through the debugger, because the page's policy allows no scripts. */
export async function axeFaults(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axeSource });
  const told = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then((found) => JSON.stringify(found.violations.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`)))",
    awaitPromise: true, returnByValue: true,
  });
  return JSON.parse(told.result.value);
}
