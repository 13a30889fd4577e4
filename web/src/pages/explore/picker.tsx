/** Metrics by name, while it is typed, with what they say about themselves. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isAbort } from "../../data/client";
import { findMetrics, type Found } from "../../data/search";
import { Icon } from "../../parts/icon";
import { parameter } from "../../state/address";
import { now } from "../../state/time";

const LIMIT = 120;
const PAUSE_MS = 120;
const MARKS: Readonly<Record<string, string>> = { counter: "C", gauge: "G", histogram: "H", summary: "S", info: "I" };
const expr = parameter("expr");

export function Picker({ choose }: { choose: (name: string) => void }) {
  const text = useSignal("");
  const found = useSignal<Found | undefined>(undefined);
  const fault = useSignal("");
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      findMetrics(text.value.trim(), LIMIT, stop.signal).then(
        (hits) => { found.value = hits; fault.value = ""; },
        (reason: Error) => { if (!isAbort(reason)) fault.value = reason.message; },
      );
    }, text.value ? PAUSE_MS : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text.value, Math.floor(now.value / 60_000)]);
  const hits = found.value?.hits ?? [];
  return (
    <aside class="panel picker" aria-label="Metrics">
      <div class="picker-field">
        <Icon name="search" />
        <input
          type="search" placeholder="Find a metric" aria-label="Find a metric" spellcheck={false} value={text.value}
          onInput={(event) => { text.value = event.currentTarget.value; }}
        />
      </div>
      <ul class="picker-list">
        {hits.map((hit) => (
          <li key={hit.name}>
            <button type="button" class={hit.name === expr.value ? "chosen" : ""} title={hit.help ?? ""} onClick={() => choose(hit.name)}>
              <span class="kind" title={hit.type ?? "unknown"}>{MARKS[hit.type ?? ""] ?? "·"}</span>
              <span class="picker-name">{hit.name}</span>
              {hit.help && <span class="picker-help">{hit.help}</span>}
            </button>
          </li>
        ))}
      </ul>
      {fault.value && <p class="empty">{fault.value}</p>}
      {found.value && !hits.length && !fault.value && (
        <p class="empty">{text.value ? "No metric is called so." : "Nothing has been taken in yet. Platform shows the targets."}</p>
      )}
      {found.value?.more && <p class="muted small picker-more">Type to see others.</p>}
    </aside>
  );
}
