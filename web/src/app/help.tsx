/** The keys, on one page. */
import { Dialog } from "../parts/dialog";
import { BASE } from "../state/address";
import { helpOpen } from "./opened";
import { KEYS, POINTER, type Key } from "./keys";

export function Help() {
  if (!helpOpen.value) return null;
  return (
    <Dialog label="Keys" kind="help" onClose={() => { helpOpen.value = false; }}>
      <h2>Keys</h2>
      <dl class="keys">{KEYS.map(keyRow)}</dl>
      <h3>In a chart</h3>
      <dl class="keys">{POINTER.map(keyRow)}</dl>
      <p class="muted small"><a href={`${BASE.pathname}licences.txt`} target="_blank" rel="noreferrer">What the console is built with</a></p>
    </Dialog>
  );
}

function keyRow({ keys, does }: Key) {
  return (
    <div key={keys}>
      <dt>{keys.split("  ").map((each) => <kbd key={each}>{each}</kbd>)}</dt>
      <dd>{does}</dd>
    </div>
  );
}
