/** Targets: how each is, why one fails, and what relabelling made of it, rule by rule. */
import { useSignal } from "@preact/signals";
import { useEndpoint } from "../../data/query";
import { freshness, type Freshness, type Target, type Targets } from "../../data/server";
import type { Labels } from "../../data/frames";
import { formatValue } from "../../data/units";
import { Badge, type State } from "../../parts/badge";
import { Failed, Loading, Notice } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { Choice } from "../../parts/tabs";
import { href, parameter, setParameters } from "../../state/address";
import { formatAge, now, parseDuration } from "../../state/time";
import { adviceFor } from "./advice";

const TONES: Readonly<Record<Freshness, readonly [State, string]>> = {
  fresh: ["good", "up"], late: ["warn", "late"], down: ["bad", "down"], waiting: ["muted", "waiting"],
};
const RANK: Readonly<Record<Freshness, number>> = { down: 0, late: 1, waiting: 2, fresh: 3 };
const show = parameter("show", "all");
const chosen = parameter("target");

interface Shown {
  readonly pool: string;
  readonly discovered: Labels;
  readonly target?: Target;
}

export function TargetsTab() {
  const asked = useEndpoint<Targets>("api/v1/targets", now.value).value;
  const text = useSignal("");
  if (asked.fault && !asked.value) return <Failed fault={asked.fault} />;
  if (!asked.value) return <Loading />;
  const { activeTargets, droppedTargets } = asked.value;
  const rows = activeTargets.filter((each) => wanted(each, text.value));
  const open = openTarget(asked.value);
  return (
    <div class={open ? "targets open" : "targets"}>
      <section class="panel" aria-label="Targets">
        <div class="bar">
          <Choice
            label="Which targets" chosen={show.value} choose={(name) => setParameters({ show: name === "all" ? "" : name }, true)}
            names={{ all: `All ${activeTargets.length}`, wrong: `Not up ${activeTargets.filter(isWrong).length}`, dropped: `Dropped ${droppedTargets.length}` }}
          />
          <input type="search" placeholder="Filter by label or address" aria-label="Filter" value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
        </div>
        {show.value === "dropped" ? <Dropped targets={asked.value} /> : (
          <Table
            label="Targets" columns={COLUMNS} rows={rows} height={560} sort="state"
            onRow={(each) => setParameters({ target: keyOf(each) })} chosen={(each) => keyOf(each) === chosen.value}
          />
        )}
        {!rows.length && show.value !== "dropped" && (
          <p class="empty">{activeTargets.length ? "None of the targets is like that." : "No job is configured; see metrics.scrape_configs."}</p>
        )}
      </section>
      {open && <Detail shown={open} />}
    </div>
  );
}

function keyOf(target: Target): string {
  return `${target.scrapePool} ${target.scrapeUrl}`;
}

function judge(target: Target): Freshness {
  return freshness(target, parseDuration(target.scrapeInterval), now.value);
}

function isWrong(target: Target): boolean {
  return judge(target) !== "fresh";
}

function wanted(target: Target, text: string): boolean {
  if (show.value === "wrong" && !isWrong(target)) return false;
  const all = `${target.scrapePool} ${target.scrapeUrl} ${Object.entries(target.labels).flat().join(" ")} ${target.lastError}`;
  return all.toLowerCase().includes(text.toLowerCase());
}

function openTarget({ activeTargets, droppedTargets }: Targets): Shown | undefined {
  const target = activeTargets.find((each) => keyOf(each) === chosen.value);
  if (target) return { pool: target.scrapePool, discovered: target.discoveredLabels, target };
  const dropped = droppedTargets.find((each) => droppedKey(each) === chosen.value);
  return dropped && { pool: dropped.scrapePool, discovered: dropped.discoveredLabels };
}

function droppedKey(each: Targets["droppedTargets"][number]): string {
  return `dropped ${each.scrapePool} ${each.discoveredLabels["__address__"] ?? ""}`;
}

const COLUMNS: readonly Column<Target>[] = [
  { key: "state", title: "state", width: "5.5rem", order: (each) => RANK[judge(each)], cell: (each) => <StateBadge target={each} /> },
  { key: "job", title: "job", width: "minmax(7rem, 1fr)", order: (each) => each.scrapePool, cell: (each) => <span class="bright">{each.scrapePool}</span> },
  { key: "instance", title: "instance", width: "minmax(9rem, 1.4fr)", order: (each) => each.labels["instance"] ?? "", cell: (each) => <button type="button" class="link-button" title={each.scrapeUrl} onClick={() => setParameters({ target: keyOf(each) })}>{each.labels["instance"]}</button> },
  { key: "last", title: "heard", width: "6rem", number: true, order: (each) => Date.parse(each.lastScrape), cell: (each) => heard(each) },
  { key: "took", title: "took", width: "5rem", number: true, order: (each) => each.lastScrapeDuration, cell: (each) => formatValue(each.lastScrapeDuration, "s") },
  { key: "every", title: "every", width: "4rem", number: true, order: (each) => parseDuration(each.scrapeInterval), cell: (each) => each.scrapeInterval },
  { key: "fault", title: "why not", width: "minmax(6rem, 2fr)", order: (each) => each.lastError, cell: (each) => <span class="fault" title={each.lastError}>{each.lastError}</span> },
];

function StateBadge({ target }: { target: Target }) {
  const [state, word] = TONES[judge(target)];
  return <Badge state={state}>{word}</Badge>;
}

function heard(target: Target): string {
  const last = Date.parse(target.lastScrape);
  return last > 0 ? formatAge(last, now.value) : "never";
}

function Dropped({ targets }: { targets: Targets }) {
  if (!targets.droppedTargets.length) return <p class="empty">Relabelling drops nothing.</p>;
  const columns: readonly Column<Targets["droppedTargets"][number]>[] = [
    { key: "job", title: "job", width: "10rem", order: (each) => each.scrapePool, cell: (each) => each.scrapePool },
    { key: "address", title: "address", width: "14rem", order: (each) => each.discoveredLabels["__address__"] ?? "", cell: (each) => <button type="button" class="link-button" onClick={() => setParameters({ target: droppedKey(each) })}>{each.discoveredLabels["__address__"] ?? "without one"}</button> },
    { key: "labels", title: "found labels", width: "1fr", cell: (each) => pairsOf(each.discoveredLabels).map(([name, value]) => `${name}=${value}`).join("  ") },
  ];
  return (
    <Table
      label="Dropped targets" columns={columns} rows={targets.droppedTargets} height={560}
      onRow={(each) => setParameters({ target: droppedKey(each) })} chosen={(each) => droppedKey(each) === chosen.value}
    />
  );
}

function pairsOf(labels: Labels): [string, string][] {
  return Object.entries(labels).filter(([name]) => !name.startsWith("__"));
}

function Detail({ shown }: { shown: Shown }) {
  const { target } = shown;
  return (
    <aside class="panel pad detail" aria-label="One target">
      <div class="detail-head">
        <h2 class="wrap">{target?.labels["instance"] ?? shown.discovered["__address__"]}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={() => setParameters({ target: "" })}>✕</button>
      </div>
      {target && (
        <>
          <p class="mono small wrap muted">{target.scrapeUrl}</p>
          {target.lastError && <Notice icon="bad" tone="bad" title="The last reading failed"><p class="wrap mono">{target.lastError}</p><p class="muted">{adviceFor(target.lastError)}</p></Notice>}
          <p class="links">
            <a data-page href={href("explore", { expr: selector(target, "up") })}>When it was up</a>
            <a data-page href={href("explore", { expr: selector(target, "scrape_samples_scraped") })}>How many samples</a>
            <a data-page href={href("explore", { expr: selector(target, "scrape_duration_seconds") })}>How long it took</a>
          </p>
        </>
      )}
      <Relabelling shown={shown} />
    </aside>
  );
}

function selector(target: Target, name: string): string {
  const { job = "", instance = "" } = target.labels;
  return `${name}{job=${JSON.stringify(job)}, instance=${JSON.stringify(instance)}}`;
}

interface Step {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly output: Labels;
  readonly keep: boolean;
}

function Relabelling({ shown }: { shown: Shown }) {
  const asked = useEndpoint<{ readonly steps: readonly Step[] }>("api/v1/targets/relabel_steps", 0, [
    ["scrapePool", shown.pool], ["labels", JSON.stringify(shown.discovered)],
  ]).value;
  if (asked.fault) return <Failed fault={asked.fault} />;
  const steps = asked.value?.steps ?? [];
  return (
    <>
      <h3>Relabelling, step by step</h3>
      <ol class="steps">
        <li><span class="step-title">Found</span><LabelList labels={shown.discovered} /></li>
        {steps.map((step, index) => (
          <li key={index} class={step.keep ? "" : "dropped"}>
            <span class="step-title">{ruleWords(step.rule)}</span>
            {step.keep
              ? <Changes former={steps[index - 1]?.output ?? shown.discovered} own={step.output} />
              : <Badge state="warn">drops the target</Badge>}
          </li>
        ))}
        {!steps.length && asked.value && <li class="muted">The job has no rules; the labels stay as they were found.</li>}
        {shown.target && <li><span class="step-title">Kept as</span><LabelList labels={shown.target.labels} /></li>}
      </ol>
    </>
  );
}

function ruleWords(rule: Step["rule"]): string {
  const sources = (rule["source_labels"] as readonly string[] | undefined)?.join(", ");
  const target = rule["target_label"] as string | undefined;
  const parts = [String(rule["action"] ?? "replace"), sources && `of ${sources}`, rule["regex"] && `by /${String(rule["regex"])}/`, target && `into ${target}`];
  return parts.filter(Boolean).join(" ");
}

function Changes({ former, own }: { former: Labels; own: Labels }) {
  const changed = Object.entries(own).filter(([name, value]) => former[name] !== value);
  const gone = Object.keys(former).filter((name) => !(name in own));
  if (!changed.length && !gone.length) return <span class="muted">changes nothing</span>;
  return (
    <ul class="labels">
      {changed.map(([name, value]) => <li key={name} class="tone-good">{name} = {value}</li>)}
      {gone.map((name) => <li key={name} class="gone">{name}</li>)}
    </ul>
  );
}

function LabelList({ labels }: { labels: Labels }) {
  return <ul class="labels">{Object.entries(labels).map(([name, value]) => <li key={name}>{name} = {value}</li>)}</ul>;
}
