/** Catalog: what a platform declares, and what the checks find in it. */
import type { FunctionComponent } from "preact";
import { useEndpoint } from "../../data/query";
import { Failed, Loading, Notice } from "../../parts/states";
import { Tabs } from "../../parts/tabs";
import { parameter, setParameters } from "../../state/address";
import { Alerts, Findings, Metrics, Objectives } from "./lists";
import type { Platform, Summary } from "./model";
import { Runbooks } from "./runbooks";
import { Services } from "./services";
import "../../styles/catalog.css";

const VIEWS: Readonly<Record<string, FunctionComponent<{ platform: Platform }>>> = {
  services: Services, metrics: Metrics, alerts: Alerts, objectives: Objectives, runbooks: Runbooks, findings: Findings,
};
const TITLES: Readonly<Record<string, string>> = {
  services: "Services", metrics: "Metrics", alerts: "Alerts", objectives: "Objectives", runbooks: "Runbooks", findings: "Findings",
};
const tab = parameter("tab", "services");
const wanted = parameter("platform");

export default function Catalog() {
  const list = useEndpoint<readonly Summary[]>("api/v1/catalog").value;
  const name = wanted.value || list.value?.[0]?.name || "";
  const asked = useEndpoint<Platform>(name && `api/v1/catalog/${name}`).value;
  if (list.fault) return <Failed fault={list.fault} />;
  if (list.value && !list.value.length) return <NoPack />;
  if (asked.fault) return <Failed fault={asked.fault} />;
  if (!list.value || !asked.value) return <Loading what="Reading the catalog" />;
  return <Whole list={list.value} platform={asked.value} />;
}

function NoPack() {
  return (
    <Notice icon="info" title="No platform is declared">
      <p>A pack is a folder that declares services, metrics, alerts and runbooks.</p>
      <p><code>tapewatch catalog new mydesk</code> writes one, <code>tapewatch up --pack mydesk</code> runs it.</p>
    </Notice>
  );
}

function Whole({ list, platform }: { list: readonly Summary[]; platform: Platform }) {
  const chosen = tab.value in VIEWS ? tab.value : "services";
  const View = VIEWS[chosen] as FunctionComponent<{ platform: Platform }>;
  const tabs = Object.entries(TITLES).map(([name, title]) => ({
    name, title, count: String(name === "findings" ? platform.findings.length : (platform.counts[name] ?? 0)),
  }));
  return (
    <div class="catalog">
      <header class="page-head">
        <h1>{platform.title}</h1>
        <span class="muted">{platform.help}</span>
        {list.length > 1 && (
          <select class="room" aria-label="Platform" value={platform.name} onChange={(event) => setParameters({ platform: event.currentTarget.value, runbook: "", metric: "" })}>
            {list.map((each) => <option key={each.name} value={each.name}>{each.title}</option>)}
          </select>
        )}
      </header>
      <Tabs page="catalog" tabs={tabs} chosen={chosen} label="Parts of the catalog" carried={{ platform: wanted.value }} />
      <View platform={platform} />
    </div>
  );
}
