/** What can be set off, what waits for a person, and what came of it last. */
import { useSignal } from "@preact/signals";
import { OWN, act, busy } from "../../data/alerting";
import { plain } from "../../data/client";
import { usePlain } from "../../data/query";
import type { Labels } from "../../data/frames";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { person } from "../../state/preferences";
import { formatAge, formatDuration, formatTime, now } from "../../state/time";
import { PersonField } from "./forms";

interface Action {
  readonly name: string;
  readonly help: string;
  readonly armed: boolean;
  /** Who armed it by hand, and until when; empty where the configuration did, or nobody. */
  readonly armed_by: string;
  readonly armed_until: string;
  /** Who may, and for how long at most. */
  readonly arm_by: readonly string[];
  readonly arm_for: string;
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

type Wish = "pull" | "arm" | "disarm";

const DONE: Readonly<Record<Wish, string>> = { pull: "pulled", arm: "armed", disarm: "disarmed" };

function Row({ action, why }: { action: Action; why: string }) {
  const { name, help, armed, armed_by: armedBy, confirm, would, last } = action;
  const wish = useSignal<Wish | "">("");
  return (
    <li class="panel pad card">
      <p>
        <Badge state={armed ? "bad" : "muted"}>{armed ? "armed" : "dry run"}</Badge> <b>{name}</b>{" "}
        {confirm && <span class="tag">asks first</span>}
      </p>
      <p class="wrap">{help}</p>
      <p class="muted wrap">{armed ? "It does" : "It only says that it would"}: {would}</p>
      {last && <p class="muted wrap">{last.done ? "Done" : "Begun"} {formatAge(Date.parse(last.at), now.value)} by {last.by}. {last.words}</p>}
      {armedBy && <p class="muted wrap">{armedBy} armed it until {formatTime(Date.parse(action.armed_until))}.</p>}
      {!armed && !action.arm_by.length && <p class="muted small">To arm it, add it to <code>alerting.actions.arm</code> and reload, or name who may under <code>arm_by</code>.</p>}
      {wish.value ? <Form action={action} wish={wish.value} why={why} close={() => { wish.value = ""; }} /> : (
        <p class="links">
          <button type="button" onClick={() => { wish.value = "pull"; }}>Pull …</button>
          {!armed && action.arm_by.length > 0 && <button type="button" onClick={() => { wish.value = "arm"; }}>Arm …</button>}
          {armedBy && <button type="button" onClick={() => { wish.value = "disarm"; }}>Disarm …</button>}
        </p>
      )}
    </li>
  );
}

/** Nothing is set off, armed or disarmed without a name and a reason; both are in the history. */
function Form({ action: { name, armed, arm_by: may, arm_for: most }, wish, why, close }: { action: Action; wish: Wish; why: string; close: () => void }) {
  const reason = useSignal(why);
  const lasts = useSignal(most);
  const who = person.value.trim();
  const barred = wish !== "pull" && who && !may.includes("*") && !may.includes(who);
  const path = `actions/${encodeURIComponent(name)}${wish === "pull" ? "" : `/${wish}`}`;
  const body = { by: who, why: reason.value.trim(), ...(wish === "arm" ? { for: lasts.value.trim() } : {}) };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await act(`${name} is ${DONE[wish]}`, () => post(path, body))) close();
  };
  const verb = { pull: armed ? "Pull it now" : "Try it", arm: "Arm it", disarm: "Disarm it" }[wish];
  return (
    <form class="bar" onSubmit={(event) => void submit(event)}>
      <input aria-label={`Why it is ${DONE[wish]}`} placeholder="Why" value={reason.value} onInput={(event) => { reason.value = event.currentTarget.value; }} />
      {wish === "arm" && <input class="short" aria-label="For how long" value={lasts.value} onInput={(event) => { lasts.value = event.currentTarget.value; }} />}
      <button type="submit" class="primary" disabled={!who || barred || !reason.value.trim() || busy.value}>{verb}</button>
      <button type="button" onClick={close}>Leave it</button>
      {!who && <span class="muted small">Say who you are above.</span>}
      {barred && <span class="muted small">{who} may not: the configuration names {may.join(", ")}.</span>}
    </form>
  );
}
