/** Asks the registry for known faults of what is locked; fails for one, and says when nobody answers. */
import { spawnSync } from "node:child_process";

const ran = spawnSync("npm", ["audit", "--json"], { encoding: "utf8" });
const told = JSON.parse(ran.stdout || "{}");
const found = told.metadata?.vulnerabilities;
if (!found) {
  console.log(`not audited: ${told.message ?? told.error?.summary ?? "the registry gives no answer"}`);
} else if (found.total) {
  for (const each of Object.values(told.vulnerabilities)) console.error(`${each.severity}: ${each.name} ${each.range}`);
  process.exit(1);
} else {
  console.log("no known faults");
}
