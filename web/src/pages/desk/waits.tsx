/** What stands where an answer will be. */
import type { Answers } from "./answers";
import type { Name } from "./questions";

/** Say that some question is not answered yet; nothing once all of them are. */
export function waits({ points }: Answers, ...names: readonly Name[]) {
  return names.every((name) => points[name]) ? undefined : <p class="muted" aria-busy>Asking …</p>;
}
