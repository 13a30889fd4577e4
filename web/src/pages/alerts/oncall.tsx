/** Who is called, who stands in for whom, and which alerts climb from one to the next. */
import { useSignal } from "@preact/signals";
import { OWN, act, busy } from "../../data/alerting";
import { plain, send } from "../../data/client";
import { usePlain } from "../../data/query";
import type { Labels } from "../../data/frames";
import { Badge, type State } from "../../parts/badge";
import { Calendar, daysFromNow, type Line } from "../../parts/calendar";
import { Failed, Loading } from "../../parts/states";
import { person } from "../../state/preferences";
import { formatDuration, formatTime, now, parseMoment } from "../../state/time";
import { PersonField } from "./forms";

interface Shift {
  readonly person: string;
  readonly from: string;
  readonly to: string;
  readonly cover: boolean;
}

interface Schedule {
  readonly schedule: string;
  readonly title: string;
  readonly now: Shift | null;
  readonly next: Shift | null;
}

interface Cover {
  readonly id: string;
  readonly person: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

interface Climbing {
  readonly escalation: string;
  readonly labels: Labels;
  readonly since: string;
  readonly step: number;
  readonly steps: number;
  readonly next: string | null;
}

const SHOWN_DAYS = 14;
const TONES: readonly State[] = ["info", "good", "warn", "muted", "bad"];

export function OnCall() {
  const asked = usePlain<{ readonly schedules: readonly Schedule[]; readonly last_error: string | null }>(`${OWN}/oncall`, now.value).value;
  const climbing = usePlain<readonly Climbing[]>(`${OWN}/escalations`, now.value).value.value ?? [];
  if (!asked.value) return asked.fault ? <Failed fault={asked.fault} /> : <Loading what="Asking who is on call" />;
  return (
    <>
      {asked.value.last_error && <p class="fault wrap">{asked.value.last_error}</p>}
      {!asked.value.schedules.length && <p class="empty">Nobody takes turns: a pack declares <code>schedules</code>.</p>}
      {asked.value.schedules.map((each) => <OneSchedule key={each.schedule} schedule={each} />)}
      {climbing.length > 0 && (
        <section class="panel pad" aria-label="What waits for an answer">
          <h2>What waits for an answer</h2>
          <ul class="plain">{climbing.map((each, index) => <Climb key={index} climbing={each} />)}</ul>
        </section>
      )}
    </>
  );
}

function until(shift: Shift): string {
  return formatTime(Date.parse(shift.to), "minute");
}

function OneSchedule({ schedule: { schedule, title, now: current, next } }: { schedule: Schedule }) {
  const shifts = usePlain<readonly Shift[]>(`${OWN}/oncall/${encodeURIComponent(schedule)}/shifts?days=${SHOWN_DAYS}`, now.value).value;
  const covers = usePlain<readonly Cover[]>(`${OWN}/oncall/${encodeURIComponent(schedule)}/covers`, now.value).value.value ?? [];
  const covering = useSignal(false);
  const others = [...new Set((shifts.value ?? []).map((each) => each.person))].filter((each) => each !== current?.person);
  return (
    <section class="panel pad schedule" aria-label={title || schedule}>
      <h2>{title || schedule}</h2>
      <p>
        {current ? <><b class="bright">{current.person}</b> is on call until {until(current)}{current.cover && ", standing in"}.</> : <span class="fault">Nobody is on call.</span>}
        {next && <span class="muted"> Then {next.person}, until {until(next)}.</span>}
      </p>
      {shifts.fault && <Failed fault={shifts.fault} />}
      <Calendar label={`Shifts of ${title || schedule}`} range={daysFromNow(0, SHOWN_DAYS)} lines={linesOf(shifts.value ?? [])} />
      {covers.map((each) => (
        <p key={each.id} class="muted">
          {each.person} stands in from {formatTime(Date.parse(each.from), "minute")} to {formatTime(Date.parse(each.to), "minute")}{each.by && `, by ${each.by}`}.{" "}
          <button type="button" class="link-button" disabled={busy.value || !person.value} onClick={() => void act("Taken back", () => plain(`${OWN}/oncall/covers/${each.id}?by=${encodeURIComponent(person.value)}`, { method: "DELETE" }))}>Take it back</button>
        </p>
      ))}
      <p class="links">
        <button type="button" aria-expanded={covering.value} onClick={() => { covering.value = !covering.value; }}>Stand in …</button>
        <button type="button" class="quiet" onClick={() => void saveCalendar(schedule)}>Save as a calendar</button>
      </p>
      {covering.value && <CoverForm schedule={schedule} people={others} done={() => { covering.value = false; }} />}
    </section>
  );
}

function linesOf(shifts: readonly Shift[]): readonly Line[] {
  const people = [...new Set(shifts.map((each) => each.person))];
  return people.map((name, index) => ({
    name,
    spans: shifts.filter((each) => each.person === name).map((each) => ({
      startMs: Date.parse(each.from), endMs: Date.parse(each.to), words: each.cover ? "stands in" : "", tone: TONES[index % TONES.length] ?? "info",
      title: `${name}, ${formatTime(Date.parse(each.from), "minute")} to ${until(each)}`,
    })),
  }));
}

/** A link would come without the token, so the file is asked for and handed over. */
async function saveCalendar(schedule: string): Promise<void> {
  const response = await send(`${OWN}/oncall/${encodeURIComponent(schedule)}/calendar.ics`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${schedule}.ics`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function CoverForm({ schedule, people, done }: { schedule: string; people: readonly string[]; done: () => void }) {
  const who = useSignal(people[0] ?? "");
  const start = useSignal("now");
  const end = useSignal("now+8h");
  const fromMs = parseMoment(start.value, now.value);
  const toMs = parseMoment(end.value, now.value);
  const fault = !(fromMs < toMs) ? "Write from when to when, as in now, now+8h or 2026-01-31 09:30 (UTC)."
    : !person.value.trim() ? "Say who you are." : "";
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { person: who.value, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), by: person.value.trim() };
    if (await act(`${body.person} stands in`, () => plain(`${OWN}/oncall/${encodeURIComponent(schedule)}/covers`, { method: "POST", body }))) done();
  };
  return (
    <form class="silence-form" aria-label="Stand in" onSubmit={(event) => void submit(event)}>
      <label class="field">Who<select value={who.value} onChange={(event) => { who.value = event.currentTarget.value; }}>{people.map((each) => <option key={each}>{each}</option>)}</select></label>
      <label class="field">From<input value={start.value} onInput={(event) => { start.value = event.currentTarget.value; }} /></label>
      <label class="field">To<input value={end.value} onInput={(event) => { end.value = event.currentTarget.value; }} /></label>
      <PersonField />
      <p class="muted">{fault || `${formatTime(fromMs, "minute")} to ${formatTime(toMs, "minute")}, ${formatDuration(toMs - fromMs)}.`}</p>
      <button type="submit" class="primary" disabled={Boolean(fault) || busy.value}>Stand in</button>
    </form>
  );
}

function Climb({ climbing: { escalation, labels, since, step, steps, next } }: { climbing: Climbing }) {
  const nextMs = next ? Date.parse(next) : NaN;
  return (
    <li>
      <Badge state="warn">{`step ${step} of ${steps}`}</Badge> <b>{labels["alertname"] ?? escalation}</b>{" "}
      <span class="muted">for {formatDuration(now.value - Date.parse(since))}{nextMs > now.value && `; goes on in ${formatDuration(nextMs - now.value)} unless somebody takes it`}</span>
    </li>
  );
}
