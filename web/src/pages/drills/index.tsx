/** Drills: let something go wrong on the sample floor, and watch who is told, when. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { plain } from "../../data/client";
import { useInstant } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge, type State } from "../../parts/badge";
import { Failed, Loading, Notice } from "../../parts/states";
import { tell } from "../../parts/toasts";
import { href, parameter, setParameters } from "../../state/address";
import { formatDuration, formatTime } from "../../state/time";
import { merged, toldOf, type Drills as Everything, type Fault, type Message, type Running, type Told } from "./model";
import "../../styles/drills.css";

const EVERY_MS = 1_000;
const LENGTHS = ["1m", "2m", "5m", "15m"];
const find = parameter("find");

interface Enveloped<T> {
  readonly data: T;
}

export default function Drills() {
  const drills = useSignal<Everything | undefined>(undefined);
  const messages = useSignal<readonly Message[]>([]);
  const fault = useSignal<Error | undefined>(undefined);
  const lasts = useSignal("2m");
  const atMs = useSignal(Date.now());
  useEffect(() => {
    let revision = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = async (): Promise<void> => {
      drills.value = (await plain<Enveloped<Everything>>("api/v1/drills")).data;
      fault.value = undefined;
      if (!drills.value.inbox) return;
      const { data } = await plain<Enveloped<{ revision: number; messages: readonly Message[] }>>(`api/v1/drills/messages?since=${revision}`);
      // An inbox that was emptied, or begun anew, counts from the beginning.
      if (data.revision < revision) messages.value = [];
      messages.value = merged(messages.value, data.messages);
      revision = data.revision;
    };
    const turn = (): void => {
      void (document.hidden ? Promise.resolve() : look()).catch((reason: Error) => { fault.value = reason; }).then(() => {
        atMs.value = Date.now();
        if (!gone) timer = setTimeout(turn, EVERY_MS);
      });
    };
    turn();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  const known = drills.value;
  if (!known) return fault.value ? <Failed fault={fault.value} /> : <Loading what="Looking for the floor" />;
  if (!known.inbox) return <NoRehearsal />;
  return (
    <div class="drills">
      <section aria-label="Faults">
        <header class="page-head">
          <h1>Drills</h1>
          <label class="variable room">for <select value={lasts.value} onChange={(event) => { lasts.value = event.currentTarget.value; }}>{LENGTHS.map((each) => <option key={each}>{each}</option>)}</select></label>
        </header>
        {known.floor && <Notice icon="warn" tone="warn" title="There is no floor to disturb"><p class="wrap">{known.floor}</p><p><code>tapewatch floor</code> opens one.</p></Notice>}
        {known.running.map((each) => <Now key={each.name + each.began} running={each} messages={messages.value} atMs={atMs.value} />)}
        {known.known.length > 0 && <Faults faults={known.known} lasts={lasts.value} running={known.running} />}
      </section>
      <section aria-label="Inbox">
        <header class="page-head"><h2>What people would have been told</h2><span class="muted room">{known.inbox}</span></header>
        {fault.value && <p class="fault wrap" role="alert">{fault.value.message}</p>}
        {!messages.value.length && !fault.value && <p class="empty">Nobody was told anything yet.</p>}
        <ol class="letters" tabIndex={messages.value.length ? 0 : undefined} aria-label="Messages">{messages.value.map((each) => <Letter key={each.number} own={each} />)}</ol>
      </section>
    </div>
  );
}

function NoRehearsal() {
  return (
    <Notice icon="info" title="Drills are for a server that tells nobody">
      <p>This one sends its messages to people, so nothing is let loose here.</p>
      <p><code>tapewatch up --floor</code> runs a sample floor with an inbox that gets every message instead.</p>
    </Notice>
  );
}

async function move(method: "POST" | "DELETE", name: string, lasts = ""): Promise<void> {
  try {
    await plain(`api/v1/drills/faults/${encodeURIComponent(name)}${lasts && `?for=${lasts}`}`, { method });
  } catch (reason) {
    tell((reason as Error).message);
  }
}

const STATES: Readonly<Record<Told["state"], State>> = { waiting: "muted", pending: "warn", firing: "bad", told: "good" };

function Now({ running, messages, atMs }: { running: Running; messages: readonly Message[]; atMs: number }) {
  const alerts = running.fires.join("|");
  const states = useInstant(`ALERTS{alertname=~"${alerts}"}`, Math.floor(atMs / EVERY_MS) * EVERY_MS).value.value ?? [];
  return (
    <article class="panel pad disturbed">
      <header><h2>{running.name.replaceAll("_", " ")}</h2><span class="muted">ends in {formatDuration(running.ends * 1_000 - atMs)}</span><button type="button" onClick={() => void move("DELETE", running.name)}>End it</button></header>
      <ul>
        {toldOf(running, states, messages).map((each) => (
          <li key={each.alert}>
            <a data-page href={href("alerts", { filter: `{alertname=${JSON.stringify(each.alert)}}` })}>{each.alert}</a>
            <Badge state={STATES[each.state]}>{each.state === "told" ? `told after ${formatValue(each.afterS, "s")}` : each.state}</Badge>
          </li>
        ))}
      </ul>
    </article>
  );
}

function Faults({ faults, lasts, running }: { faults: readonly Fault[]; lasts: string; running: readonly Running[] }) {
  const words = find.value.toLowerCase().split(/\s+/);
  const shown = faults.filter((each) => words.every((word) => `${each.name} ${each.help} ${each.fires.join(" ")}`.toLowerCase().includes(word)));
  return (
    <>
      <input type="search" aria-label="Find a fault or an alert" placeholder="Find a fault or an alert" value={find.value} onInput={(event) => setParameters({ find: event.currentTarget.value }, true)} />
      <ul class="lines faults">
        {shown.map((each) => (
          <li key={each.name}>
            <div><b>{each.name.replaceAll("_", " ")}</b><p class="wrap">{each.help} <span class="muted small">{each.fires.join(", ")}</span></p></div>
            <button type="button" aria-label={`Let loose: ${each.name}`} disabled={running.some((own) => own.name === each.name)} onClick={() => void move("POST", each.name, lasts)}>Let loose</button>
          </li>
        ))}
      </ul>
    </>
  );
}

const LETTER_STATES: Readonly<Record<string, State>> = { firing: "bad", resolved: "good", acknowledged: "info", test: "muted" };

function Letter({ own }: { own: Message }) {
  return (
    <li class="panel letter">
      <header>
        <Badge state={LETTER_STATES[own.state] ?? "warn"}>{own.state}</Badge>
        <b>{own.service}</b> <span class="muted ellipsis">{own.receiver}</span>
        <time class="muted">{formatTime(own.changed * 1_000)}{own.changes > 0 && `, changed ${own.changes}×`}</time>
      </header>
      <p class="wrap bright">{own.title}</p>
      {own.text && <details><summary class="muted small">All of it</summary><pre class="wrap">{own.text}</pre></details>}
      {own.faults.map((each) => <p class="fault wrap small" key={each}>{each}</p>)}
    </li>
  );
}
