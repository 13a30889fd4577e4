/** Lists the licences of everything that is bundled, and fails for one that nobody agreed to. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const AGREED = new Set(["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0"]);

const lock = JSON.parse(readFileSync(`${ROOT}package-lock.json`, "utf8"));
const shipped = Object.entries(lock.packages).filter(([path, each]) => path && !each.dev && !each.peer);

function licenceText(path) {
  const name = readdirSync(`${ROOT}${path}`).find((each) => /^(licen[cs]e|copying)/i.test(each));
  return name ? readFileSync(`${ROOT}${path}/${name}`, "utf8").trim() : "";
}

const parts = ["The console is built with these packages. Written by `npm run licences`.", ""];
for (const [path, each] of shipped.sort((a, b) => a[0].localeCompare(b[0]))) {
  const name = path.replace(/^.*node_modules\//, "");
  if (!AGREED.has(each.license)) throw new Error(`${name} is under ${each.license}: nobody agreed to that`);
  parts.push("=".repeat(80), `${name} ${each.version}: ${each.license}`, "", licenceText(path), "");
}
writeFileSync(`${ROOT}public/licences.txt`, parts.join("\n"));
console.log(`${shipped.length} packages`);
