/** The history of the time range: what fired, what was decided, what arrived and what did not. */
import { OWN, type Entry } from "../../data/alerting";
import { usePlain } from "../../data/query";
import { Failed, Loading } from "../../parts/states";
import { parameter, setParameters } from "../../state/address";
import { range } from "../../state/time";
import { FilterField, filter } from "./filter";
import { Happened } from "./happened";

const SHOWN_MAX = 300;
const KINDS = ["fired", "resolved", "acknowledged", "assigned", "delivered", "put off", "refused", "withheld", "silence made", "silence ended"];
const kind = parameter("kind");

export function Past() {
  const query = new URLSearchParams({
    since: new Date(range.value.startMs).toISOString(), until: new Date(range.value.endMs).toISOString(), limit: String(SHOWN_MAX),
    ...(kind.value && { kind: kind.value }), ...(filter.value && { filter: filter.value }),
  });
  const asked = usePlain<readonly Entry[]>(`${OWN}/history?${query}`).value;
  return (
    <>
      <div class="bar">
        <FilterField />
        <select aria-label="What happened" value={kind.value} onChange={(event) => setParameters({ kind: event.currentTarget.value })}>
          <option value="">Everything</option>
          {KINDS.map((each) => <option key={each}>{each}</option>)}
        </select>
      </div>
      {asked.fault && <Failed fault={asked.fault} />}
      {!asked.value && !asked.fault && <Loading what="Reading the history" />}
      {asked.value && !asked.fault && <div class="panel pad"><Happened entries={asked.value} named /></div>}
      {asked.value?.length === SHOWN_MAX && <p class="muted">The newest {SHOWN_MAX} are shown. Take a shorter time, or a filter.</p>}
    </>
  );
}
