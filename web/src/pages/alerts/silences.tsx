/** What is kept quiet, by whom, until when and why; a new one is made here too. */
import { act, busy, endSilence, type Silence } from "../../data/alerting";
import { writeMatchers } from "../../data/matchers";
import { usePlain } from "../../data/query";
import { Badge, type State } from "../../parts/badge";
import { Calendar, daysFromNow, type Span } from "../../parts/calendar";
import { Failed, Loading } from "../../parts/states";
import { href, parameter, setParameters } from "../../state/address";
import { formatDuration, formatTime, now } from "../../state/time";
import { filter } from "./filter";
import { SilenceForm } from "./forms";

const wish = parameter("do");
const TONES: Readonly<Record<Silence["status"]["state"], State>> = { active: "good", pending: "info", expired: "muted" };
const SHOWN_MAX = 200;

export function Silences() {
  const asked = usePlain<readonly Silence[]>("api/v2/silences", now.value).value;
  const making = wish.value === "new";
  return (
    <>
      <div class="bar">
        <button type="button" aria-expanded={making} onClick={() => setParameters({ do: making ? "" : "new" })}>New silence</button>
      </div>
      {making && <div class="panel pad"><SilenceForm key={filter.value} filter={filter.value} done={() => setParameters({ do: "", filter: "" }, true)} /></div>}
      {asked.fault && <Failed fault={asked.fault} />}
      {!asked.value && !asked.fault && <Loading what="Looking" />}
      {asked.value && !asked.value.length && <p class="empty">Nothing is silenced.</p>}
      {asked.value && asked.value.length > 0 && <Times silences={asked.value} />}
      <ul class="cards" aria-label="Silences">{asked.value?.slice(0, SHOWN_MAX).map((each) => <Row key={each.id} silence={each} />)}</ul>
    </>
  );
}

const LINES_MAX = 20;

/** When each holds, those that have ended long ago left out. */
function Times({ silences }: { silences: readonly Silence[] }) {
  const range = daysFromNow(1, 7);
  const lines = silences.filter((each) => Date.parse(each.endsAt) > range.startMs && Date.parse(each.startsAt) < range.endMs).slice(0, LINES_MAX);
  if (!lines.length) return null;
  return (
    <div class="panel pad">
      <Calendar
        label="When silences hold" range={range}
        lines={lines.map((each) => ({ name: each.comment || each.id, spans: [spanOf(each)] }))}
      />
    </div>
  );
}

function spanOf({ startsAt, endsAt, createdBy, recurrence, status }: Silence): Span {
  const [startMs, endMs] = [Date.parse(startsAt), Date.parse(endsAt)];
  return {
    startMs, endMs, tone: TONES[status.state], words: recurrence ? `${createdBy}, at times` : createdBy,
    title: `${createdBy}, ${formatTime(startMs, "minute")} to ${formatTime(endMs, "minute")}`,
  };
}

function Row({ silence }: { silence: Silence }) {
  const { state } = silence.status;
  const sets = (silence.matcherSets ?? [silence.matchers]).map(writeMatchers);
  const endMs = Date.parse(silence.endsAt);
  return (
    <li class="panel pad card">
      <p><Badge state={TONES[state]}>{state}</Badge> <b class="wrap">{silence.comment}</b> <span class="muted">{silence.createdBy}</span></p>
      {sets.map((each) => <p key={each}><code>{each}</code></p>)}
      <p class="muted">
        {formatTime(Date.parse(silence.startsAt))} to {formatTime(endMs)}
        {state === "active" && `, ${formatDuration(endMs - now.value)} left`}
        {silence.recurrence && ", at its times only"}
      </p>
      <p class="links">
        <a data-page href={href("alerts", { filter: sets[0] })}>What it hides</a>
        {state === "expired"
          ? <a data-page href={href("alerts", { tab: "silences", do: "new", filter: sets[0] })}>Again</a>
          : <button type="button" class="link-button" disabled={busy.value} onClick={() => void act("It has ended", () => endSilence(silence.id))}>End it now</button>}
      </p>
    </li>
  );
}
