/** The part of the range that the panels of a page show while somebody pans and zooms. */
import { signal } from "@preact/signals";
import { range, setSpan } from "../state/time";

export interface View {
  readonly min: number;
  readonly max: number;
}

const SETTLED_MS = 350;

/** Where the pointer is, and on what: every chart of the page shows that time. */
export interface Pointed {
  readonly seconds: number;
  readonly on: unknown;
}

export const pointed = signal<Pointed | undefined>(undefined);

/** Seconds; nothing while the whole range is shown. */
export const view = signal<View | undefined>(undefined);

let timer: ReturnType<typeof setTimeout> | undefined;

/** Show this part at once; when the hand rests it becomes the range, and finer data is asked for. */
export function showPart(part: View): void {
  view.value = part;
  clearTimeout(timer);
  timer = setTimeout(() => commit(part), SETTLED_MS);
}

function commit(part: View): void {
  setSpan({ startMs: Math.round(part.min * 1_000), endMs: Math.round(part.max * 1_000) });
}

/** The part that is shown; charts follow it by themselves, so a page that asks is not drawn again. */
export function currentView(): View {
  return view.peek() ?? wholeRange();
}

/** The whole range, in seconds; a page that asks is drawn again when it changes. */
export function wholeRange(): View {
  return { min: range.value.startMs / 1_000, max: range.value.endMs / 1_000 };
}

/** Zoom by a factor about a time. */
export function zoomAt(at: number, factor: number): void {
  const { min, max } = currentView();
  showPart({ min: at - (at - min) * factor, max: at + (max - at) * factor });
}

export function panBy(seconds: number): void {
  const { min, max } = currentView();
  showPart({ min: min + seconds, max: max + seconds });
}

// A new range is the new whole.
range.subscribe(() => {
  view.value = undefined;
});
