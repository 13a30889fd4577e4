/** A browser that tells of everything that went wrong in its pages. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

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
  }, undefined, { timeout: 15_000 });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}
