/**
 * The address is the state: which page, and what it was asked.
 *
 * Pages read parameters as signals and write them back; a write is a new entry of the history only
 * where somebody would want to come back to the former one.
 */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

export type Parameters = Readonly<Record<string, string | undefined>>;

export interface Address {
  readonly page: string;
  readonly query: URLSearchParams;
}

/** Everything is served below this: the folder of the page, whatever prefix a proxy put before. */
export const BASE = new URL(".", location.href);

const CARRIED = ["from", "to", "live"];

function read(): Address {
  const page = location.pathname.slice(BASE.pathname.length).replace(/\/$/, "");
  return { page: page || "now", query: new URLSearchParams(location.search) };
}

export const address: Signal<Address> = signal(read());

addEventListener("popstate", () => {
  address.value = read();
});

/** Write the address of a page; the time range travels along unless it is given. */
export function href(page: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const name of CARRIED) {
    const value = address.value.query.get(name);
    if (value !== null && !(name in parameters)) query.set(name, value);
  }
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const text = query.toString();
  return `${BASE.pathname}${page === "now" ? "" : page}${text ? `?${text}` : ""}`;
}

/** Go to an address of ours. */
export function go(target: string, replace = false): void {
  if (target === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  const former = address.value.page;
  address.value = read();
  if (address.value.page !== former) scrollTo(0, 0);
}

/** Change parameters of this page; an empty value takes one away. */
export function setParameters(changes: Parameters, replace = false): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(`${location.pathname}${text ? `?${text}` : ""}`, replace);
}

const known = new Map<string, ReadonlySignal<string>>();

/** One parameter of the address, as a signal; the same signal for the same question. */
export function parameter(name: string, otherwise = ""): ReadonlySignal<string> {
  const key = `${name}\u0000${otherwise}`;
  let found = known.get(key);
  if (!found) {
    found = computed(() => address.value.query.get(name) || otherwise);
    known.set(key, found);
  }
  return found;
}

/** Follow a link of ours without loading the document again; others are left to the browser. */
export function followLinks(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || !plain || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || !link.hasAttribute("data-page")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
