/** The routes as a tree, and where given labels would lead. */
import { useSignal } from "@preact/signals";
import { OWN } from "../../data/alerting";
import { readMatchers, writeMatchers } from "../../data/matchers";
import { usePlain } from "../../data/query";
import { Failed, Loading } from "../../parts/states";
import { parameter, setParameters } from "../../state/address";

interface RouteNode {
  readonly key: string;
  readonly matchers: readonly string[];
  readonly receiver: string;
  readonly group_by: readonly string[];
  readonly group_wait: string;
  readonly repeat_interval: string;
  readonly update: string;
  readonly mute_time_intervals: readonly string[];
  readonly active_time_intervals: readonly string[];
  readonly continue: boolean;
  readonly routes: readonly RouteNode[];
}

interface Led {
  readonly route: string;
  readonly receiver: string;
  readonly channels: readonly string[];
  readonly group: Readonly<Record<string, string>>;
  readonly quiet: readonly string[];
}

const tried = parameter("labels");

/** Read `venue=okx, severity=page` as labels; nothing for what is no label. */
function readLabels(text: string): URLSearchParams | undefined {
  const found = readMatchers(text);
  if (!found?.every((each) => each.isEqual && !each.isRegex)) return undefined;
  return new URLSearchParams(found.map((each) => [each.name, each.value]));
}

export function Routes() {
  const asked = usePlain<RouteNode>(`${OWN}/routes`).value;
  const labels = readLabels(tried.value);
  const led = usePlain<readonly Led[]>(labels ? `${OWN}/routes/test?${labels}` : "").value;
  const on = new Set(labels ? led.value?.map((each) => each.route) : []);
  return (
    <>
      <Tester />
      {labels && led.fault && <Failed fault={led.fault} />}
      {labels && led.value && <Leads led={led.value} />}
      {asked.fault && <Failed fault={asked.fault} />}
      {!asked.value && !asked.fault && <Loading what="Reading the routes" />}
      {asked.value && <ol class="panel pad routes"><Node route={asked.value} on={on} /></ol>}
    </>
  );
}

function Tester() {
  const text = useSignal(tried.value);
  const fault = text.value.trim() && !readLabels(text.value);
  return (
    <form class="bar filter" onSubmit={(event) => { event.preventDefault(); if (!fault) setParameters({ labels: text.value.trim() }); }}>
      <input class="mono" aria-label="Labels to try" placeholder="alertname=FeedStale, priority=P1" spellcheck={false} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
      <button type="submit" disabled={Boolean(fault)}>Where does it lead?</button>
      {fault && <span class="fault small">Write labels, as in alertname=FeedStale, priority=P1.</span>}
    </form>
  );
}

function Leads({ led }: { led: readonly Led[] }) {
  return (
    <ul class="cards" aria-label="Where it leads">
      {led.map((each) => (
        <li class="panel pad" key={each.route}>
          <b>{each.receiver}</b> <span class="muted">{each.channels.length ? each.channels.join(", ") : "has no channels: nobody is told"}</span>
          <p class="muted wrap">grouped with {writeMatchers(Object.entries(each.group).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })))}
            {each.quiet.length > 0 && `; quiet now: ${each.quiet.join(", ")}`}</p>
        </li>
      ))}
    </ul>
  );
}

function Node({ route, on }: { route: RouteNode; on: ReadonlySet<string> }) {
  const times = [
    ...route.mute_time_intervals.map((each) => `not in ${each}`), ...route.active_time_intervals.map((each) => `only in ${each}`),
  ];
  return (
    <li>
      <div class={on.has(route.key) ? "route on" : "route"}>
        <code>{route.matchers.join(", ") || "everything"}</code> <span aria-hidden="true">→</span> <b>{route.receiver}</b>
        {on.has(route.key) && <span class="tag">leads here</span>}
        {route.continue && <span class="tag">goes on</span>}
        <p class="muted small">
          by {route.group_by.join(", ") || "nothing"} · first after {route.group_wait} · again each {route.repeat_interval}
          {route.update === "in_place" && " · changed in place"}{times.map((each) => ` · ${each}`)}
        </p>
      </div>
      {route.routes.length > 0 && <ol>{route.routes.map((each) => <Node key={each.key} route={each} on={on} />)}</ol>}
    </li>
  );
}
