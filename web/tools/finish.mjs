/**
 * The end of a build: packs every file (gzip as small as zopfli makes it, and brotli), checks the budget, and lists what is inside.
 *
 * Before the first paint a browser reads index.html, the entry and what it imports at once. All
 * other files are counted once, packed, because a desk that opens every page gets all of them.
 */
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import zopfli from "@gfx/zopfli";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../src/tapewatch/console/", import.meta.url));
const FIRST_MAX = 50 * 1024;
const ALL_MAX = 220 * 1024;
const PACKED = /\.(html|js|css|svg|txt)$/;
const PACKED_MIN = 512;

function* walk(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

/** Names of the files that the page cannot be painted without. */
function firstFiles(html, files) {
  const first = new Set(["index.html"]);
  const queue = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((found) => found[1]);
  while (queue.length) {
    const name = queue.pop();
    if (first.has(name) || !files.has(name)) continue;
    first.add(name);
    const text = files.get(name).toString();
    for (const found of text.matchAll(/(?:import|from)\s*"\.\/([^"]+)"/g)) queue.push(`assets/${found[1]}`);
  }
  return first;
}

const files = new Map();
for (const path of walk(FOLDER)) files.set(relative(FOLDER, path), readFileSync(path));

const gzipOf = promisify(zopfli.gzip);
const ITERATIONS = 15;
const sizes = new Map();
for (const [name, body] of files) {
  const gzip = await gzipOf(body, { numiterations: ITERATIONS });
  const packed = PACKED.test(name) && body.length >= PACKED_MIN;
  sizes.set(name, packed ? gzip.length : body.length);
  if (!packed) continue;
  writeFileSync(join(FOLDER, `${name}.gz`), gzip);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  writeFileSync(join(FOLDER, `${name}.br`), brotliCompressSync(body, { params: quality }));
}

const first = firstFiles(files.get("index.html").toString(), files);
const sum = (names) => [...names].reduce((total, name) => total + sizes.get(name), 0);
const shown = [...sizes.keys()].filter((name) => !name.endsWith(".txt"));
const budget = { firstBytes: sum(first), firstMax: FIRST_MAX, allBytes: sum(shown), allMax: ALL_MAX };
const rows = [...sizes].sort((a, b) => b[1] - a[1]);
for (const [name, size] of rows) {
  console.log(`${String(size).padStart(8)}  ${first.has(name) ? "first " : "      "}${name}`);
}
console.log(`${String(budget.firstBytes).padStart(8)}  before the first paint, at most ${FIRST_MAX}`);
console.log(`${String(budget.allBytes).padStart(8)}  in all, at most ${ALL_MAX}`);
writeFileSync(join(FOLDER, "budget.json"), `${JSON.stringify({ ...budget, files: Object.fromEntries(rows) })}\n`);
if (budget.firstBytes > FIRST_MAX || budget.allBytes > ALL_MAX) {
  console.error("The console is over its budget: load it later, or leave it out.");
  process.exit(1);
}
