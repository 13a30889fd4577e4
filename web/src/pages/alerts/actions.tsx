/** What can be set off, what waits for a person, and what came of it last. */
import { useSignal } from "@preact/signals";
import { OWN, act, busy } from "../../data/alerting";
import { plain } from "../../data/client";
import { usePlain } from "../../data/query";
import type { Labels } from "../../data/frames";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { person } from "../../state/preferences";
import { formatAge, formatDuration, now } from "../../state/time";
import { PersonField } from "./forms";

interface Action {
  readonly name: string;
  readonly help: string;
  readonly armed: boolean;
  readonly confirm: boolean;
  readonly would: string;
  readonly last: { readonly by: string; readonly at: string; readonly done: boolean; readonly words: string } | null;
}

interface Approval {
  readonly id: string;
  readonly action: string;
  readonly by: string;
  readonly why: string;
  readonly until: string;
  readonly labels: Labels;
}

interface Result {
  readonly result: "done" | "failed";
  readonly detail: string;
}

/** Ask for something to be done; what the server could not do is a fault in its words. */
async function post(path: string, body: unknown): Promise<void> {
  const told = await plain<Result>(`${OWN}/${path}`, { method: "POST", body });
  if (told.result === "failed") throw new Error(told.detail);
}

export function Actions({ why = "" }: { why?: string }) {
  const asked = usePlain<readonly Action[]>(`${OWN}/actions`, now.value).value;
  const waiting = usePlain<readonly Approval[]>(`${OWN}/approvals`, now.value).value.value ?? [];
  if (!asked.value) return asked.fault ? <Failed fault={asked.fault} /> : <Loading what="Asking what can be done" />;
  if (!asked.value.length) return <p class="empty">There are no actions: a pack declares <code>actions</code>, or the configuration does.</p>;
  return (
    <div class="actions">
      {(waiting.length > 0 || !why) && <PersonField />}
      {waiting.map((each) => <Waiting key={each.id} approval={each} />)}
      <ul class="cards" aria-label="Actions">{asked.value.map((each) => <Row key={each.name} action={each} why={why} />)}</ul>
    </div>
  );
}

function Waiting({ approval: { id, action, by, why, until } }: { approval: Approval }) {
  const who = person.value.trim();
  return (
    <section class="panel pad card tone-warn" aria-label={`${action} waits`}>
      <p><Badge state="warn">waits for you</Badge> <b>{action}</b> <span class="muted">{by}: {why}; {formatDuration(Date.parse(until) - now.value)} left</span></p>
      <p class="links">
        <button type="button" class="primary" disabled={!who || busy.value} onClick={() => void act("Agreed", () => post(`approvals/${id}/approve`, { by: who }))}>Do it</button>
        <button type="button" disabled={!who || busy.value} onClick={() => void act("Declined", () => post(`approvals/${id}/decline`, { by: who }))}>Do not</button>
      </p>
    </section>
  );
}

function Row({ action: { name, help, armed, confirm, would, last }, why }: { action: Action; why: string }) {
  const pulling = useSignal(false);
  const reason = useSignal(why);
  const who = person.value.trim();
  const pull = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await act(`${name} is pulled`, () => post(`actions/${name}`, { by: who, why: reason.value.trim() }))) pulling.value = false;
  };
  return (
    <li class="panel pad card">
      <p>
        <Badge state={armed ? "bad" : "muted"}>{armed ? "armed" : "dry run"}</Badge> <b>{name}</b>{" "}
        {confirm && <span class="tag">asks first</span>}
      </p>
      <p class="wrap">{help}</p>
      <p class="muted wrap">{armed ? "It does" : "It only says that it would"}: {would}</p>
      {last && <p class="muted wrap">{last.done ? "Done" : "Begun"} {formatAge(Date.parse(last.at), now.value)} by {last.by}. {last.words}</p>}
      {!armed && <p class="muted small">To arm it, add it to <code>alerting.actions.arm</code> and reload.</p>}
      {pulling.value ? (
        <form class="bar" onSubmit={(event) => void pull(event)}>
          <input aria-label="Why it is pulled" placeholder="Why" value={reason.value} onInput={(event) => { reason.value = event.currentTarget.value; }} />
          <button type="submit" class="primary" disabled={!who || !reason.value.trim() || busy.value}>{armed ? "Pull it now" : "Try it"}</button>
          <button type="button" onClick={() => { pulling.value = false; }}>Leave it</button>
          {!who && <span class="muted small">Say who you are above.</span>}
        </form>
      ) : <p><button type="button" onClick={() => { pulling.value = true; }}>Pull …</button></p>}
    </li>
  );
}
