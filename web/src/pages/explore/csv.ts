/** Rows as a file that every spreadsheet opens. */
import type { Sample } from "../../data/frames";

export function toCsv(samples: readonly Sample[], names: readonly string[]): string {
  const head = [...names, "value"].map(field).join(",");
  const rows = samples.map(({ labels, value }) => [...names.map((name) => field(labels[name] ?? "")), String(value)].join(","));
  return `${[head, ...rows].join("\r\n")}\r\n`;
}

/** Quote a field; one that a spreadsheet would run as a formula is made text. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function saveCsv(samples: readonly Sample[], names: readonly string[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([toCsv(samples, names)], { type: "text/csv" }));
  link.download = "tapewatch.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
