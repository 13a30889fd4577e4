/** One alert: what it says, what to do about it, who has it, and what has happened. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { OWN, acknowledge, act, assign, busy, release, toneOf, type Alert, type Attention, type Entry } from "../../data/alerting";
import { matchersOf, writeMatchers } from "../../data/matchers";
import { useChanges } from "../../data/changes";
import type { Labels } from "../../data/frames";
import { useEndpoint, usePlain } from "../../data/query";
import { Badge } from "../../parts/badge";
import { Changes } from "../../parts/changes";
import { Icon } from "../../parts/icon";
import { Markdown } from "../../parts/markdown";
import { Question } from "../../parts/question";
import { Failed, Loading } from "../../parts/states";
import { href, setParameters } from "../../state/address";
import { person } from "../../state/preferences";
import { formatDuration, formatTime, now } from "../../state/time";
import { webLink } from "../links";
import { Actions } from "./actions";
import { Stake } from "./stake";
import { PersonField, SilenceForm } from "./forms";
import { Happened } from "./happened";

const SHOWN_MAX = 30;

export function closeDetail(): void {
  setParameters({ alert: "" });
}

/** The drawer beside a list; Escape closes it. */
export function Detail({ alert }: { alert: Alert }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus({ preventScroll: true });
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) closeDetail();
    };
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, []);
  const name = alert.labels["alertname"] ?? "An alert without a name";
  return (
    <aside class="panel drawer" aria-label={`Alert ${name}`} tabIndex={-1} ref={place}>
      <header class="drawer-head">
        <Badge state={toneOf(alert)}>{alert.labels["severity"] ?? "firing"}</Badge>
        <h2 class="wrap">{name}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={closeDetail}><Icon name="close" /></button>
      </header>
      <Words alert={alert} />
      <Stake labels={alert.labels} />
      <Hands alert={alert} />
      <Runbook alert={alert} />
      <Before alert={alert} />
      <Explained fingerprint={alert.fingerprint} />
      <section>
        <h3>What has happened</h3>
        <History alert={alert} />
      </section>
    </aside>
  );
}

const SAID = ["description", "impact", "action"] as const;
const TITLES = { description: "What it is", impact: "What it costs", action: "What to do" } as const;

function Words({ alert }: { alert: Alert }) {
  const said = SAID.filter((each) => alert.annotations[each]);
  const sinceMs = Date.parse(alert.startsAt);
  const expr = alert.generatorURL && new URLSearchParams(alert.generatorURL.split("?")[1]).get("g0.expr");
  const page = webLink(alert.annotations["dashboard_url"]);
  return (
    <section class="said">
      <p class="bright wrap">{alert.annotations["summary"]}</p>
      <p class="muted">Since {formatTime(sinceMs)}, {formatDuration(now.value - sinceMs)}</p>
      <dl class="facts">
        {said.map((each) => <div key={each}><dt>{TITLES[each]}</dt><dd class="wrap">{alert.annotations[each]}</dd></div>)}
      </dl>
      <p class="labels-line">
        {Object.entries(alert.labels).map(([label, value]) => <span class="label" key={label} title={value}><span class="label-name">{label}</span> {value}</span>)}
      </p>
      {expr && <Question text={expr} />}
      <p class="links">
        {expr && <a data-page href={href("explore", { expr })}>Its expression</a>}
        {page && <a href={page}>Its page</a>}
        <a data-page href={href("explore", { expr: aroundQuery(alert.labels), view: "table" })}>All metrics around it</a>
        <a data-page href={href("alerts", { tab: "history", filter: writeMatchers(matchersOf(alert.labels)) })}>Its past</a>
      </p>
    </section>
  );
}

const AROUND = ["service", "job", "instance", "venue", "strategy", "symbol"];

/** Every metric that carries the labels by which an alert says where it is. */
function aroundQuery(labels: Labels): string {
  const where = AROUND.filter((name) => labels[name]).map((name) => `${name}=${JSON.stringify(labels[name])}`);
  return `count by (__name__) ({${where.join(", ") || '__name__!=""'}})`;
}

const BEFORE_MS = 6 * 3_600_000;
const AFTER_MS = 60_000;

/** What was changed shortly before it began. */
function Before({ alert }: { alert: Alert }) {
  const sinceMs = Date.parse(alert.startsAt);
  const asked = useChanges(sinceMs - BEFORE_MS, sinceMs + AFTER_MS, now.value);
  return (
    <section>
      <h3>What was changed in the six hours before</h3>
      {asked.value && <Changes changes={asked.value.slice(0, SHOWN_MAX)} none="Nothing that is known here." />}
    </section>
  );
}

/** Taking it over, giving it to somebody, keeping it quiet. */
function Hands({ alert }: { alert: Alert }) {
  const asked = usePlain<Attention>(`${OWN}/alerts/${alert.fingerprint}/attention`, now.value).value;
  const to = useSignal("");
  const quiet = useSignal(false);
  const pulling = useSignal(false);
  const told = asked.value;
  const by = person.value.trim();
  const has = told?.acknowledged_by;
  return (
    <section class="hands" aria-label="What you can do">
      <p>
        {has ? <>{has} has it since {formatTime(Date.parse(told.acknowledged_at ?? ""))}. </> : "Nobody has it. "}
        {told?.assignee && `It is given to ${told.assignee}.`}
      </p>
      <PersonField />
      <div class="hands-row">
        {has
          ? <button type="button" disabled={!by || busy.value} onClick={() => void act("Given back", () => release(alert.fingerprint, by))}>Give back</button>
          : <button type="button" class="primary" disabled={!by || busy.value} onClick={() => void act("It is yours", () => acknowledge(alert.fingerprint, by))}>Acknowledge</button>}
        <form onSubmit={(event) => { event.preventDefault(); void act(`Given to ${to.value}`, () => assign(alert.fingerprint, to.value.trim(), by)); }}>
          <input aria-label="Give it to" placeholder="Give it to …" value={to.value} onInput={(event) => { to.value = event.currentTarget.value; }} />
          <button type="submit" disabled={!by || !to.value.trim() || busy.value}>Assign</button>
        </form>
        <button type="button" aria-expanded={quiet.value} onClick={() => { quiet.value = !quiet.value; }}>Silence …</button>
        <button type="button" aria-expanded={pulling.value} onClick={() => { pulling.value = !pulling.value; }}>Actions …</button>
      </div>
      {quiet.value && <SilenceForm named filter={writeMatchers(matchersOf(alert.labels))} done={() => { quiet.value = false; }} />}
      {pulling.value && <Actions why={`${alert.labels["alertname"] ?? "an alert"}: ${alert.annotations["summary"] ?? ""}`.slice(0, 200)} />}
    </section>
  );
}

interface Written {
  readonly title: string;
  readonly text: string;
}

function Runbook({ alert }: { alert: Alert }) {
  const name = alert.annotations["runbook"];
  const link = webLink(alert.annotations["runbook_url"]);
  const platforms = useEndpoint<readonly { readonly name: string }[]>(name ? "api/v1/catalog" : "").value;
  const platform = alert.labels["platform"] ?? platforms.value?.[0]?.name ?? "";
  const asked = useEndpoint<Written>(name && platform ? `api/v1/catalog/${platform}/runbooks/${name}` : "").value;
  const elsewhere = link ? <a href={link} target="_blank" rel="noreferrer">Open it where it stands</a> : <span class="muted">No runbook is named.</span>;
  return (
    <section>
      <h3>Runbook{name && asked.value && <a data-page class="small" href={href("catalog", { tab: "runbooks", platform, runbook: name })}>Open and print</a>}</h3>
      {asked.value ? <Markdown text={asked.value.text.replace(/^#\s.*\n/, "")} platform={platform} leading={2} />
        : asked.loading || platforms.loading ? <Loading what="Reading the runbook" />
        : <p>{name && asked.fault ? <span class="muted">{asked.fault.message}</span> : elsewhere}</p>}
    </section>
  );
}

interface Verdict {
  readonly receiver: string;
  readonly integration: string;
  readonly route: string;
  readonly sent: boolean;
  readonly why: readonly string[];
}

function Explained({ fingerprint }: { fingerprint: string }) {
  const asked = usePlain<readonly { readonly verdicts: readonly Verdict[] }[]>(`${OWN}/explain?fingerprint=${fingerprint}`, now.value).value;
  const verdicts = asked.value?.[0]?.verdicts ?? [];
  return (
    <section aria-label="Why it was sent, or not">
      <h3>Why it was sent, or not</h3>
      {asked.fault && <Failed fault={asked.fault} />}
      {asked.value && !verdicts.length && <p class="muted">No route leads anywhere from here.</p>}
      <ul class="verdicts">
        {verdicts.map((each) => (
          <li key={each.route + each.receiver + each.integration}>
            <Badge state={each.sent ? "good" : "warn"}>{each.sent ? "sent" : "not sent"}</Badge> {each.receiver} <span class="muted">{each.integration}</span>
            <ul>{each.why.map((why) => <li key={why} class="muted wrap">{why}</li>)}</ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ alert }: { alert: Alert }) {
  const asked = usePlain<readonly Entry[]>(`${OWN}/history?fingerprint=${alert.fingerprint}&limit=${SHOWN_MAX}`, now.value).value;
  if (asked.fault && !asked.value) return <Failed fault={asked.fault} />;
  return asked.value ? <Happened entries={asked.value} /> : <Loading what="Reading the history" />;
}
