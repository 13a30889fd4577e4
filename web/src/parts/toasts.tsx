/** Short words at the edge of the screen that go away by themselves. */
import { signal } from "@preact/signals";

interface Toast {
  readonly number: number;
  readonly text: string;
}

const SHOWN_MS = 4_000;
const toasts = signal<readonly Toast[]>([]);
let count = 0;

export function tell(text: string): void {
  const own = { number: ++count, text };
  toasts.value = [...toasts.value, own];
  setTimeout(() => {
    toasts.value = toasts.value.filter((each) => each !== own);
  }, SHOWN_MS);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} copied`);
  } catch {
    tell("The browser does not let this page copy");
  }
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((each) => <div class="toast" key={each.number}>{each.text}</div>)}
    </div>
  );
}
