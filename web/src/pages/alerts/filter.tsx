/** The matchers that narrow a list, kept in the address. */
import { useSignal } from "@preact/signals";
import { readMatchers } from "../../data/matchers";
import { parameter, setParameters } from "../../state/address";

export const filter = parameter("filter");

export function FilterField() {
  const text = useSignal(filter.value);
  const fault = text.value.trim() && !readMatchers(text.value);
  return (
    <form class="filter" onSubmit={(event) => { event.preventDefault(); if (!fault) setParameters({ filter: text.value.trim(), do: "" }); }}>
      <input
        aria-label="Only those that match" placeholder='{venue="okx"}' spellcheck={false} class="mono" value={text.value} aria-invalid={Boolean(fault)}
        onInput={(event) => { text.value = event.currentTarget.value; }}
      />
      <button type="submit" disabled={Boolean(fault)}>Filter</button>
      {fault && <span class="fault small">Write matchers, as in {'{venue="okx", alertname=~"Feed.*"}'}.</span>}
    </form>
  );
}
