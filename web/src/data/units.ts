/** Numbers with their units, in three or four digits that stand still. */

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"],
];
const BINARY: readonly (readonly [number, string])[] = [
  [2 ** 50, "Pi"], [2 ** 40, "Ti"], [2 ** 30, "Gi"], [2 ** 20, "Mi"], [2 ** 10, "Ki"], [1, ""],
];
const SECONDS: readonly (readonly [number, string])[] = [
  [86_400, "d"], [3_600, "h"], [60, "m"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"],
];
const MONEY = /^[A-Z]{3,4}$/;

/** Write a number with its unit. */
export function formatValue(value: number, unit = ""): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (unit === "percent") return `${digits(value)} %`;
  if (unit === "ratio") return `${digits(value * 100)} %`;
  if (unit === "seconds" || unit === "s") return scaled(value, SECONDS);
  if (unit === "milliseconds" || unit === "ms") return scaled(value / 1e3, SECONDS);
  if (unit === "microseconds" || unit === "us") return scaled(value / 1e6, SECONDS);
  if (unit === "nanoseconds" || unit === "ns") return scaled(value / 1e9, SECONDS);
  if (unit === "bytes") return scaled(value, BINARY, "B");
  if (unit === "bytes/s") return scaled(value, BINARY, "B/s");
  if (MONEY.test(unit)) return `${money(value)} ${unit}`;
  if (unit === "integer") return grouped(value);
  return `${plain(value)}${unit ? ` ${unit}` : ""}`;
}

/** Write a number as exactly as the screen needs it in a table. */
export function formatExact(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(value);
  return String(Number(value.toPrecision(10)));
}

function plain(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return value.toExponential(2);
  return size < 999.95 ? digits(value) : scaled(value, PREFIXES.slice(0, 6)).replace(" ", "");
}

function scaled(value: number, steps: readonly (readonly [number, string])[], after = ""): string {
  if (value === 0) return after || steps === SECONDS ? `0 ${after || "s"}` : "0";
  const size = Math.abs(value) * 1.0005;
  const [by, name] = steps.find(([step]) => size >= step) ?? (steps.at(-1) as readonly [number, string]);
  return `${digits(value / by)} ${name}${after}`.trimEnd();
}

function digits(value: number): string {
  const size = Math.abs(value);
  const places = size === 0 || Number.isInteger(value) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return minus(String(Number(value.toFixed(places))));
}

function money(value: number): string {
  if (Math.abs(value) >= 1e6) return minus(scaled(value, PREFIXES.slice(0, 5)).replace(" ", ""));
  return minus(new Intl.NumberFormat("en-US", { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 }).format(value));
}

function grouped(value: number): string {
  return minus(new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 }).format(value));
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}
