/** Rows as a file that every spreadsheet opens. */
import type { Frame, Sample } from "../../data/frames";

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

/** Curves as a table: a row for each time, a column for each series. */
export function curvesToCsv({ times, series }: Frame, names: readonly string[]): string {
  const head = ["time", ...names].map(field).join(",");
  const rows = Array.from(times, (time, step) => [new Date(time * 1_000).toISOString(), ...series.map(({ values }) => {
    const value = values[step] ?? NaN;
    return Number.isNaN(value) ? "" : String(value);
  })].join(","));
  return `${[head, ...rows].join("\r\n")}\r\n`;
}

export function saveCsv(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "tapewatch.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
