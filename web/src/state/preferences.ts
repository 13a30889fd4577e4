/** What one person prefers; it stays in this browser and is never sent. */
import { effect, signal, type Signal } from "@preact/signals";

export type Zone = "utc" | "local" | "exchange";
export type Theme = "dark" | "light" | "system";

export interface Exchange {
  readonly label: string;
  readonly zone: string;
}

export const EXCHANGES: readonly Exchange[] = [
  { label: "New York", zone: "America/New_York" },
  { label: "Chicago", zone: "America/Chicago" },
  { label: "London", zone: "Europe/London" },
  { label: "Frankfurt", zone: "Europe/Berlin" },
  { label: "Hong Kong", zone: "Asia/Hong_Kong" },
  { label: "Tokyo", zone: "Asia/Tokyo" },
  { label: "Singapore", zone: "Asia/Singapore" },
  { label: "Sydney", zone: "Australia/Sydney" },
];

const PREFIX = "tapewatch.";

function kept<T>(name: string, otherwise: T): Signal<T> {
  const box = signal(recall(name, otherwise));
  effect(() => remember(name, box.value));
  return box;
}

function recall<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise; // A browser that keeps nothing shows the defaults.
  }
}

function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Nothing is lost but a preference.
  }
}

export const theme = kept<Theme>("theme", "dark");
export const zone = kept<Zone>("zone", "utc");
export const exchange = kept<Exchange>("exchange", { label: "New York", zone: "America/New_York" });
/** Who sits here, as colleagues read it beside what was done. */
export const person = kept<string>("person", "");
export const past = kept<readonly string[]>("past", []);

const PAST_MAX = 50;

/** Remember a query that was run, the newest first. */
export function rememberQuery(text: string): void {
  if (!text.trim() || past.value[0] === text) return;
  past.value = [text, ...past.value.filter((each) => each !== text)].slice(0, PAST_MAX);
}

const ORDER: readonly Zone[] = ["utc", "local", "exchange"];

/** Go on to the next zone. */
export function nextZone(): void {
  zone.value = ORDER[(ORDER.indexOf(zone.value) + 1) % ORDER.length] ?? "utc";
}

/** Change between dark and light. */
export function nextTheme(): void {
  theme.value = shownTheme() === "dark" ? "light" : "dark";
}

export function shownTheme(): "dark" | "light" {
  if (theme.value !== "system") return theme.value;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

effect(() => {
  theme.value;
  document.documentElement.dataset["theme"] = shownTheme();
});
