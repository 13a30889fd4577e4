/** What keys do; a key alone counts only while nobody writes. */
import { go, href } from "../state/address";
import { nextTheme, nextZone } from "../state/preferences";
import { live, refresh, scaleRange, shiftRange } from "../state/time";
import { setParameters } from "../state/address";
import { tell } from "../parts/toasts";
import { zoneLabel } from "../state/time";
import { helpOpen, paletteOpen } from "./opened";
import { PAGES } from "./pages";

export interface Key {
  readonly keys: string;
  readonly does: string;
}

export const KEYS: readonly Key[] = [
  { keys: "k  /", does: "Find a page, a metric or an action" },
  { keys: "?", does: "Show these keys" },
  ...PAGES.map((each) => ({ keys: `g ${each.key}`, does: `Go to ${each.title}` })),
  { keys: "r", does: "Look again" },
  { keys: "l", does: "Follow live, or stop" },
  { keys: "z", does: "Change between UTC, local and exchange time" },
  { keys: "t", does: "Change between dark and light" },
  { keys: "+  −", does: "Zoom the time range in and out" },
  { keys: "←  →", does: "Move the time range" },
  { keys: "e", does: "Write in the editor of Explore" },
  { keys: "Ctrl Enter", does: "Run what is written" },
];

export const POINTER: readonly Key[] = [
  { keys: "Drag", does: "Zoom every chart into a span" },
  { keys: "Ctrl Wheel", does: "Zoom about the pointer" },
  { keys: "Shift Drag", does: "Move along the time" },
];

const AFTER_G_MS = 1_200;
let gAt = -AFTER_G_MS;

export function setLive(on: boolean): void {
  setParameters({ live: on ? "1" : "" }, true);
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  k: () => { paletteOpen.value = true; },
  "/": () => { paletteOpen.value = true; },
  "?": () => { helpOpen.value = true; },
  r: refresh,
  l: () => setLive(!live.value),
  t: nextTheme,
  z: () => {
    nextZone();
    tell(`Times are in ${zoneLabel.value}`);
  },
  "+": () => scaleRange(0.5),
  "=": () => scaleRange(0.5),
  "-": () => scaleRange(2),
  ArrowLeft: () => shiftRange(-0.25),
  ArrowRight: () => shiftRange(0.25),
  e: () => {
    go(href("explore"));
    requestAnimationFrame(() => dispatchEvent(new Event("focus-editor")));
  },
};

export function onKey(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    paletteOpen.value = true;
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event)) return;
  if (event.timeStamp - gAt < AFTER_G_MS) {
    gAt = -AFTER_G_MS;
    const page = PAGES.find((each) => each.key === event.key);
    if (page) go(href(page.name));
    return;
  }
  if (event.key === "g") {
    gAt = event.timeStamp;
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function isWriting(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  const inside = target.closest("input, textarea, select, [contenteditable=true], dialog[open]");
  const scrolls = event.key.startsWith("Arrow") && target.closest("[tabindex], button, a");
  return inside !== null || Boolean(scrolls);
}
