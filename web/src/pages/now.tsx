/** Now: what is wrong, worst first; and when nothing is, how we know. */
import { handOf } from "./alerts/firing";
import { CONDITIONS, useChannels } from "./alerts/channels";
import { Detail } from "./alerts/detail";
import { toneOf, urgency, useAlerts, useAttention, WATCHDOG, worstFirst, type Alert, type Attention, type Channel } from "../data/alerting";
import { useAsked, useEndpoint } from "../data/query";
import { ILL, rulesOf, useRules, type KnownRule } from "../data/rules";
import { useChanges } from "../data/changes";
import { askHealth, freshness, type Freshness, type Health, type Notification, type Target, type Targets } from "../data/server";
import { Badge, type State } from "../parts/badge";
import { Changes } from "../parts/changes";
import { Icon } from "../parts/icon";
import { Failed, Loading } from "../parts/states";
import { href, parameter } from "../state/address";
import { formatAge, formatDuration, formatTime, now, parseDuration } from "../state/time";
import "../styles/now.css";

const chosen = parameter("alert");

export default function Now() {
  const turn = now.value;
  const asked = useAlerts(turn);
  const attention = useAttention(turn);
  const rules = useRules(turn);
  const targets = useEndpoint<Targets>("api/v1/targets?state=active", turn).value;
  const notices = useEndpoint<readonly Notification[]>("api/v1/notifications", turn).value;
  const channels = useChannels();
  const asHealth = useHealth(turn).value;
  const fault = asked.fault ?? targets.fault;
  if (fault && !asked.value) return <Failed fault={fault} />;
  const others = { rules, channels, health: asHealth };
  const waiting = Object.values(others).some((each) => !each.value && !each.fault);
  if (!asked.value || !targets.value || waiting) return <Loading what="Looking" />;
  const alerts = worstFirst(asked.value.filter((each) => each.labels["alertname"] !== WATCHDOG));
  const open = alerts.find((each) => each.fingerprint === chosen.value);
  const told = [...(notices.value ?? [])].filter((each) => each.active);
  const known: Known = {
    targets: targets.value.activeTargets, rules: rulesOf(rules.value), channels: channels.value ?? [], health: asHealth.value,
    unheard: Object.entries(others).filter(([, each]) => each.fault).map(([name]) => name),
  };
  return (
    <div class={open ? "now beside open" : "now beside"}>
      <div class="now-main">
        <Headline alerts={alerts} told={told} known={known} />
        {told.map((each) => <p class="now-notice tone-warn" key={each.text}><Icon name="warn" />{each.text}<span class="muted"> since {formatTime(Date.parse(each.date))}</span></p>)}
        {alerts.length > 0 && <Alerts alerts={alerts} attention={attention} />}
        <div class="now-know">
          <FreshTargets targets={known.targets} />
          <div>
            <FreshRules rules={known.rules} />
            <Channels channels={known.channels} />
            <Parts health={known.health} />
            <Lately />
          </div>
        </div>
      </div>
      {open && <Detail key={open.fingerprint} alert={open} />}
    </div>
  );
}

/** What the page knows besides alerts, and how. */
interface Known {
  readonly targets: readonly Target[];
  readonly rules: readonly KnownRule[];
  readonly channels: readonly Channel[];
  readonly health: Health | undefined;
  /** What was asked and did not answer: of that nobody knows whether it is well. */
  readonly unheard: readonly string[];
}

const failing = (each: Channel): boolean => CONDITIONS[each.condition] === "bad";

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

function Headline({ alerts, told, known }: { alerts: readonly Alert[]; told: readonly Notification[]; known: Known }) {
  const { targets, rules, channels, health, unheard } = known;
  const loud = alerts.filter((each) => each.status.state === "active");
  const stale = targets.filter((each) => SILENT.has(judge(each))).length;
  const blind = rules.filter((each) => ILL.has(each.state)).length;
  const deaf = channels.filter(failing).length;
  const halted = (health?.components ?? []).filter((each) => each.state !== "running").length;
  const quiet = alerts.length - loud.length;
  const waiting = rules.reduce((sum, each) => sum + (each.rule.alerts ?? []).filter((one) => one.state === "pending").length, 0);
  const words = [
    loud.length && `${loud.length} ${loud.length === 1 ? "alert fires" : "alerts fire"}`,
    stale && `${stale} of ${targets.length} targets ${stale === 1 ? "is" : "are"} silent`,
    blind && `${blind} ${blind === 1 ? "rule is" : "rules are"} blind`,
    deaf && `${deaf} ${deaf === 1 ? "channel fails" : "channels fail"}`,
    halted && `${halted} ${halted === 1 ? "part" : "parts"} of the server not running`,
    unheard.length && `nothing is heard of ${unheard.join(" and ")}`,
    told.length && `${told.length} ${told.length === 1 ? "notice" : "notices"} from the server`,
  ].filter(Boolean);
  const besides = [waiting && `${waiting} pending`, quiet && `${quiet} kept quiet`].filter(Boolean).map((each) => `, ${each}`).join("");
  const worst = !words.length ? "good" : loud[0] ? toneOf(loud[0]) : "warn";
  return (
    <header class={`headline tone-${worst}`}>
      <Icon name={worst === "muted" ? "warn" : worst} />
      <div>
        <h1>{words.length ? words.join(", ").replace(/^./, (first) => first.toUpperCase()) : "Nothing is wrong"}</h1>
        <p class="muted">{words.length ? "The worst is first" : assured(known)}{besides}. Looked at {formatTime(now.value)}.</p>
      </div>
    </header>
  );
}

/** Say how it is known that nothing is wrong. */
function assured({ targets, rules, channels }: Known): string {
  const fresh = targets.filter((each) => judge(each) === "fresh").length;
  const sound = rules.filter((each) => each.state === "good").length;
  return [
    targets.length ? `${fresh} of ${targets.length} targets were heard from in time` : "there are no targets yet",
    rules.length ? `${sound} of ${rules.length} rules were evaluated in time` : "there are no rules yet",
    channels.length ? `none of ${channels.length} channels fails` : "there are no channels yet",
  ].join(", ").replace(/^./, (first) => first.toUpperCase());
}

function Alerts({ alerts, attention }: { alerts: readonly Alert[]; attention: ReadonlyMap<string, Attention> }) {
  return (
    <ul class="alerts" aria-label="Alerts">
      {alerts.slice(0, ALERTS_MAX).map((each) => <AlertRow key={each.fingerprint} alert={each} hand={handOf(attention.get(each.fingerprint))} />)}
      {alerts.length > ALERTS_MAX && <li class="muted">and {alerts.length - ALERTS_MAX} more, none of them worse, in <a data-page href={href("alerts")}>Alerts</a></li>}
    </ul>
  );
}

/** Nobody reads more in a row; what is left out is never worse than what is shown. */
const ALERTS_MAX = 200;
const SHOWN_APART = new Set(["alertname", "severity", "priority", "owner", "platform"]);

function AlertRow({ alert, hand }: { alert: Alert; hand: string }) {
  const { labels, annotations, fingerprint } = alert;
  const others = Object.entries(labels).filter(([name]) => !SHOWN_APART.has(name));
  const sinceMs = Date.parse(alert.startsAt);
  const quiet = alert.status.state === "suppressed";
  return (
    <li class={`panel alert tone-${toneOf(alert)}${fingerprint === chosen.value ? " chosen" : ""}`}>
      <div class="alert-head">
        <Badge state={toneOf(alert)}>{labels["severity"] ?? `P${urgency(labels)}`}</Badge>
        <h2><a data-page href={href("now", { alert: fingerprint })} aria-expanded={fingerprint === chosen.value}>{labels["alertname"] ?? "An alert without a name"}</a></h2>
        <span class="muted">since {formatTime(sinceMs)}, {formatDuration(now.value - sinceMs)}</span>
        {quiet && <span class="tag">kept quiet</span>}
        <span class="room" />
        <span class="muted">{hand ? `${hand} has it` : labels["owner"] ?? ""}</span>
      </div>
      <p class="wrap">{annotations["summary"] ?? annotations["description"]}</p>
      {annotations["impact"] && <p class="wrap muted">{annotations["impact"]}</p>}
      {annotations["action"] && <p class="wrap"><Icon name="right" /> {annotations["action"]}</p>}
      <p class="labels-line">{others.map(([name, value]) => <span class="label" key={name}><span class="label-name">{name}</span> {value}</span>)}</p>
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

/** Rules: the ill ones by name, the others as a number. */
function FreshRules({ rules }: { rules: readonly KnownRule[] }) {
  const ill = rules.filter((each) => ILL.has(each.state));
  return (
    <section aria-label="Rules">
      <h2>How fresh every rule is</h2>
      <ul class="fresh">
        {ill.slice(0, SHOWN_MAX).map(({ rule, group, state }, index) => (
          <li class="fresh-row" key={index}>
            <Badge state={state}>{state === "bad" ? "fails" : "late"}</Badge>
            <span class="fresh-name">{rule.name} <span class="muted">{group}</span></span>
            <span class="muted">{formatAge(Date.parse(rule.lastEvaluation), now.value)}</span>
            {rule.lastError && <span class="fresh-fault wrap">{rule.lastError}</span>}
          </li>
        ))}
        <li class="fresh-row">
          <Badge state={rules.length > ill.length ? "good" : "muted"}>{String(rules.length - ill.length)}</Badge>
          <span class="fresh-name">{rules.length ? "evaluated in time" : "no rules yet"}</span>
        </li>
      </ul>
    </section>
  );
}

function Channels({ channels }: { channels: readonly Channel[] }) {
  return (
    <section aria-label="Channels">
      <h2>Whether messages arrive</h2>
      <ul class="fresh">
        {channels.map((each) => (
          <li class="fresh-row" key={each.receiver + each.integration}>
            <Badge state={CONDITIONS[each.condition] ?? "warn"}>{each.condition}</Badge>
            <span class="fresh-name">{each.receiver} <span class="muted">{each.kind}</span></span>
            <span class="muted">{each.last_success ? formatAge(Date.parse(each.last_success), now.value) : "nothing sent yet"}</span>
            {failing(each) && <span class="fresh-fault wrap">{each.words}</span>}
          </li>
        ))}
        {!channels.length && <li class="muted">There are no channels: nobody is told.</li>}
      </ul>
    </section>
  );
}

const LATELY_MS = 86_400_000;

function Lately() {
  const asked = useChanges(now.value - LATELY_MS, now.value, now.value);
  return (
    <section aria-label="Changes">
      <h2>What has changed in the last day</h2>
      {asked.value && <Changes changes={asked.value.slice(0, SHOWN_MAX)} none="Nothing has." />}
    </section>
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
