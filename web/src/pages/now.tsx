/** Now: what is wrong, worst first; and when nothing is, how we know. */
import { useAsked, useEndpoint } from "../data/query";
import { askHealth, freshness, type Alert, type Freshness, type Health, type Notification, type Target, type Targets } from "../data/server";
import { Badge, severityState, type State } from "../parts/badge";
import { Icon } from "../parts/icon";
import { Failed, Loading } from "../parts/states";
import { href } from "../state/address";
import { formatAge, formatDuration, formatTime, now, parseDuration } from "../state/time";
import { webLink } from "./links";
import "../styles/now.css";

export default function Now() {
  const turn = now.value;
  const alerts = useEndpoint<{ readonly alerts: readonly Alert[] }>("api/v1/alerts", turn).value;
  const targets = useEndpoint<Targets>("api/v1/targets?state=active", turn).value;
  const notices = useEndpoint<readonly Notification[]>("api/v1/notifications", turn).value;
  const health = useHealth(turn).value;
  const fault = alerts.fault ?? targets.fault;
  if (fault && !alerts.value) return <Failed fault={fault} />;
  if (!alerts.value || !targets.value) return <Loading what="Looking" />;
  const firing = ordered(alerts.value.alerts);
  const stale = targets.value.activeTargets.filter((each) => SILENT.has(judge(each)));
  const told = [...(notices.value ?? [])].filter((each) => each.active);
  const calm = !firing.length && !told.length && !stale.length;
  return (
    <div class="now">
      <Headline firing={firing} stale={stale} told={told} calm={calm} targets={targets.value.activeTargets} />
      {told.map((each) => <p class="now-notice tone-warn" key={each.text}><Icon name="warn" />{each.text}<span class="muted"> since {formatTime(Date.parse(each.date))}</span></p>)}
      {firing.length > 0 && <Alerts alerts={firing} />}
      <div class="now-know">
        <FreshTargets targets={targets.value.activeTargets} />
        <Parts health={health.value} />
      </div>
    </div>
  );
}

/** A target that was not read yet is not silent: its turn has not come. */
const SILENT: ReadonlySet<Freshness> = new Set(["down", "late"]);

function useHealth(turn: number) {
  return useAsked<Health>(`health ${turn}`, async (signal) => ({
    value: await askHealth(signal), warnings: [], cost: { seconds: 0, samplesRead: 0, bytes: 0 },
  }));
}

function judge(target: Target): Freshness {
  return freshness(target, parseDuration(target.scrapeInterval), now.value);
}

const RANK: Readonly<Record<State, number>> = { bad: 0, warn: 1, info: 2, good: 3, muted: 4 };

function ordered(alerts: readonly Alert[]): readonly Alert[] {
  const rank = (each: Alert): number => RANK[severityState(each.labels["severity"])] + (each.state === "firing" ? 0 : 10);
  return [...alerts].sort((one, other) => rank(one) - rank(other) || one.activeAt.localeCompare(other.activeAt));
}

function Headline({ firing, stale, told, calm, targets }: {
  firing: readonly Alert[]; stale: readonly Target[]; told: readonly Notification[]; calm: boolean; targets: readonly Target[];
}) {
  if (calm) {
    const fresh = targets.filter((each) => judge(each) === "fresh").length;
    return (
      <header class="headline tone-good">
        <Icon name="good" />
        <div>
          <h1>Nothing is wrong</h1>
          <p class="muted">
            {targets.length ? `${fresh} of ${targets.length} targets were heard from in time` : "There are no targets yet"}, no alert fires,
            every part of the server works. Looked at {formatTime(now.value)}.
          </p>
        </div>
      </header>
    );
  }
  const active = firing.filter((each) => each.state === "firing").length;
  const words = [
    active && `${active} ${active === 1 ? "alert fires" : "alerts fire"}`,
    firing.length - active && `${firing.length - active} pending`,
    stale.length && `${stale.length} of ${targets.length} targets ${stale.length === 1 ? "is" : "are"} silent`,
    told.length && `${told.length} ${told.length === 1 ? "notice" : "notices"} from the server`,
  ].filter(Boolean);
  const worst = firing[0] ? severityState(firing[0].labels["severity"]) : "warn";
  return (
    <header class={`headline tone-${worst}`}>
      <Icon name={worst === "bad" ? "bad" : "warn"} />
      <div>
        <h1>{words.join(", ")}</h1>
        <p class="muted">The worst is first. Looked at {formatTime(now.value)}.</p>
      </div>
    </header>
  );
}

function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <ul class="alerts" aria-label="Alerts">
      {alerts.slice(0, ALERTS_MAX).map((each) => <AlertRow key={JSON.stringify(each.labels)} alert={each} />)}
      {alerts.length > ALERTS_MAX && <li class="muted">and {alerts.length - ALERTS_MAX} more, none of them worse</li>}
    </ul>
  );
}

/** Nobody reads more in a row; what is left out is never worse than what is shown. */
const ALERTS_MAX = 200;
const SHOWN_APART = new Set(["alertname", "severity"]);

function AlertRow({ alert }: { alert: Alert }) {
  const state = severityState(alert.labels["severity"]);
  const labels = Object.entries(alert.labels).filter(([name]) => !SHOWN_APART.has(name));
  const runbook = webLink(alert.annotations["runbook_url"]);
  return (
    <li class={`panel alert tone-${alert.state === "firing" ? state : "muted"}`}>
      <div class="alert-head">
        <Badge state={alert.state === "firing" ? state : "muted"}>{alert.state === "firing" ? (alert.labels["severity"] ?? "firing") : alert.state}</Badge>
        <h2>{alert.labels["alertname"] ?? "An alert without a name"}</h2>
        <span class="muted">since {formatTime(Date.parse(alert.activeAt))}, {formatDuration(now.value - Date.parse(alert.activeAt))}</span>
      </div>
      <p class="wrap">{alert.annotations["summary"] ?? alert.annotations["description"]}</p>
      <p class="alert-foot">
        {labels.map(([name, value]) => <span class="label" key={name}><span class="label-name">{name}</span> {value}</span>)}
        <span class="room" />
        {runbook && <a href={runbook} target="_blank" rel="noreferrer">Runbook</a>}
      </p>
    </li>
  );
}

const STATES: Readonly<Record<Freshness, readonly [State, string]>> = {
  fresh: ["good", "in time"],
  late: ["warn", "late"],
  down: ["bad", "down"],
  waiting: ["muted", "not yet read"],
};
const ORDER: readonly Freshness[] = ["down", "late", "waiting", "fresh"];
const SHOWN_MAX = 24;

function FreshTargets({ targets }: { targets: readonly Target[] }) {
  const sorted = [...targets].sort((one, other) => ORDER.indexOf(judge(one)) - ORDER.indexOf(judge(other)));
  return (
    <section aria-label="Targets">
      <h2>How fresh every target is</h2>
      {sorted.length ? (
        <ul class="fresh">
          {sorted.slice(0, SHOWN_MAX).map((each) => <TargetRow key={each.scrapeUrl + each.scrapePool} target={each} />)}
        </ul>
      ) : (
        <p class="muted">Nothing is read yet. A job in <code>metrics.scrape_configs</code> says what to read.</p>
      )}
      {sorted.length > SHOWN_MAX && <p class="muted">and {sorted.length - SHOWN_MAX} more in <a data-page href={href("platform", { tab: "targets" })}>Platform</a></p>}
    </section>
  );
}

function TargetRow({ target }: { target: Target }) {
  const [state, word] = STATES[judge(target)];
  const last = Date.parse(target.lastScrape);
  return (
    <li class={`fresh-row tone-${state}`}>
      <Badge state={state}>{word}</Badge>
      <span class="fresh-name" title={target.scrapeUrl}>{target.labels["job"]} <span class="muted">{target.labels["instance"]}</span></span>
      <span class="muted">{last > 0 ? formatAge(last, now.value) : "never"} · each {target.scrapeInterval}</span>
      {target.lastError && <span class="fresh-fault wrap">{target.lastError}</span>}
    </li>
  );
}

function Parts({ health }: { health: Health | undefined }) {
  return (
    <section aria-label="Server">
      <h2>The server itself</h2>
      <ul class="fresh">
        {health?.components.map((each) => (
          <li class="fresh-row" key={each.name}>
            <Badge state={each.state === "running" ? "good" : "bad"}>{each.state}</Badge>
            <span class="fresh-name">{each.name}</span>
            <span class="muted">since {formatTime(Date.parse(each.since))}</span>
            {each.last_error && <span class="fresh-fault wrap">{each.last_error}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
