/** Who you are, and what is to be quiet: the same fields wherever they are needed. */
import { useSignal } from "@preact/signals";
import { act, busy, makeSilence, useAlerts } from "../../data/alerting";
import { readMatchers, writeMatchers } from "../../data/matchers";
import { person } from "../../state/preferences";
import { formatTime, now, parseDuration } from "../../state/time";

export function PersonField() {
  return (
    <label class="field">
      Your name
      <input value={person.value} autocomplete="name" placeholder="as colleagues read it" onInput={(event) => { person.value = event.currentTarget.value; }} />
    </label>
  );
}

const NAMED_MAX = 8;

/** A new silence, with what it would hide at this moment; `named` where the name is asked beside it. */
export function SilenceForm({ filter, done, named = false }: { filter: string; done: () => void; named?: boolean }) {
  const text = useSignal(filter);
  const lasts = useSignal("2h");
  const comment = useSignal("");
  const matchers = readMatchers(text.value);
  const lastsMs = parseDuration(lasts.value.trim());
  const fault = !matchers ? 'Write matchers, as in {venue="okx", alertname=~"Feed.*"}.'
    : !(lastsMs > 0) ? "Write how long, as in 30m, 2h or 1d."
    : !person.value.trim() ? "Say who you are." : !comment.value.trim() ? "Say why." : "";
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (matchers && await act("Silenced", () => makeSilence(matchers, lastsMs, comment.value.trim(), person.value.trim()))) done();
  };
  return (
    <form class="silence-form" aria-label="New silence" onSubmit={(event) => void submit(event)}>
      <label class="field">What
        <textarea class="mono" rows={3} spellcheck={false} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
      </label>
      <label class="field">For how long
        <input value={lasts.value} onInput={(event) => { lasts.value = event.currentTarget.value; }} />
      </label>
      <label class="field">Why
        <input value={comment.value} onInput={(event) => { comment.value = event.currentTarget.value; }} />
      </label>
      {!named && <PersonField />}
      {matchers && <Preview filter={writeMatchers(matchers)} />}
      <p class={fault ? "muted" : ""}>{fault || `It ends at ${formatTime(now.value + lastsMs)}.`}</p>
      <button type="submit" class="primary" disabled={Boolean(fault) || busy.value}>Silence</button>
    </form>
  );
}

function Preview({ filter }: { filter: string }) {
  const asked = useAlerts(now.value, filter);
  const found = asked.value;
  if (asked.fault) return <p class="fault wrap">{asked.fault.message}</p>;
  if (!found) return <p class="muted">Looking what it hides …</p>;
  const names = found.slice(0, NAMED_MAX).map((each) => each.annotations["summary"] || each.labels["alertname"]);
  return (
    <div class="preview">
      <p><b>{found.length ? `It hides ${found.length} that ${found.length === 1 ? "fires" : "fire"} now` : "It hides nothing that fires now"}</b></p>
      <ul>{names.map((each, index) => <li class="muted ellipsis" key={index}>{each}</li>)}</ul>
      {found.length > NAMED_MAX && <p class="muted">and {found.length - NAMED_MAX} more</p>}
    </div>
  );
}
