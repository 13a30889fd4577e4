/** Objectives: what was promised, what is left of each budget, how fast it goes, and what burnt it. */
import { ask } from "../../data/client";
import { toSamples, type RawResult, type Sample } from "../../data/frames";
import { useAsked, useEndpoint } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { Failed, Loading, Notice } from "../../parts/states";
import { href, parameter, setParameters } from "../../state/address";
import { formatDuration, range } from "../../state/time";
import type { Platform, Summary } from "../catalog/model";
import { ASKED, promisesOf, type Budget, type Promised } from "./model";
import { Opened } from "./opened";
import "../../styles/objectives.css";

const chosen = parameter("objective");

interface Everything {
  readonly platforms: readonly Platform[];
  readonly told: Readonly<Record<keyof typeof ASKED, readonly Sample[]>>;
}

export default function Objectives() {
  const summaries = useEndpoint<readonly Summary[]>("api/v1/catalog").value;
  const atMs = range.value.endMs;
  const asked = useAsked<Everything>(summaries.value ? `objectives ${atMs}` : "", async (signal) => {
    const platforms = (summaries.value ?? []).map(async ({ name }) => (await ask<Platform>(`api/v1/catalog/${encodeURIComponent(name)}`, [], signal)).data);
    const samples = Object.entries(ASKED).map(async ([key, query]) => {
      const pairs: [string, string][] = [["query", query], ["time", String(atMs / 1_000)]];
      return [key, toSamples((await ask<RawResult>("api/v1/query", pairs, signal)).data)] as const;
    });
    const value = { platforms: await Promise.all(platforms), told: Object.fromEntries(await Promise.all(samples)) as Everything["told"] };
    return { value, warnings: [], cost: { seconds: 0, samplesRead: 0, bytes: 0 } };
  }).value;
  const fault = summaries.fault ?? asked.fault;
  if (fault) return <Failed fault={fault} />;
  if (!asked.value) return <Loading what="Reading the objectives" />;
  const { platforms, told } = asked.value;
  const some = platforms.filter((each) => Object.keys(each.objectives).length);
  if (!some.length) return <None />;
  return (
    <div class="objectives">
      <h1 class="visually-hidden">Objectives</h1>
      {some.map((each) => (
        <section key={each.name} aria-label={each.title}>
          <h2>{each.title}</h2>
          <div class="promises">{promisesOf(each, told).map((one) => <Card key={one.name} own={one} />)}</div>
        </section>
      ))}
    </div>
  );
}

function None() {
  return (
    <Notice icon="info" title="Nothing is promised">
      <p>An objective says which share of events has to be good, over how long; a pack declares it under <code>objectives</code>, and its budget, burn rate and alerts follow.</p>
    </Notice>
  );
}

function Card({ own }: { own: Promised }) {
  const id = `${own.platform}/${own.name}`;
  const open = chosen.value === id;
  return (
    <article class={open ? "panel promise open" : "panel promise"} aria-label={own.title || own.name}>
      <header>
        <h3><button type="button" class="link-button" aria-expanded={open} onClick={() => setParameters({ objective: open ? "" : id }, true)}>{own.title || own.name}</button></h3>
        {own.alerts.map((each) => <a data-page key={each} href={href("alerts", { filter: `{alertname=${JSON.stringify(each)}}` })}><Badge state="bad">{each}</Badge></a>)}
        <span class="muted">{own.target} over {own.over}{own.service && ` · ${own.service}`}</span>
        {own.runbook && <a data-page class="small" href={href("catalog", { tab: "runbooks", platform: own.platform, runbook: own.runbook })}>Runbook</a>}
      </header>
      {own.budgets.length
        ? <ul>{own.budgets.map((each) => <Row key={each.group} budget={each} />)}</ul>
        : <p class="muted">Nothing has been counted yet: its rules need events first, and an open market where it names one.</p>}
      {open && <Opened own={own} />}
    </article>
  );
}

function Row({ budget }: { budget: Budget }) {
  const { group, left, burn, bad, lastsMs, state } = budget;
  const none = Number.isNaN(left);
  return (
    <li class={`budget tone-${state}`}>
      <span class="budget-group ellipsis">{group || "Budget"}</span>
      <span class="budget-track" role="meter" aria-label={`${group || "Budget"} left`} aria-valuenow={none ? 0 : Math.round(left * 100)} aria-valuemin={0} aria-valuemax={100}>
        <span style={{ width: `${Math.min(Math.max(left, 0), 1) * 100}%` }} />
      </span>
      <b class="number">{none ? "–" : formatValue(left, "ratio")}</b>
      <span class="number" title="How many times faster than allowed, in the last hour">{formatValue(burn)}× <span class="muted">{formatValue(bad, "ratio")} bad</span></span>
      <Badge state={state}>{none ? "not known" : words(left, lastsMs)}</Badge>
    </li>
  );
}

function words(left: number, lastsMs: number): string {
  if (left <= 0) return "used up";
  return Number.isFinite(lastsMs) ? `gone in ${formatDuration(lastsMs)}` : "lasts";
}
