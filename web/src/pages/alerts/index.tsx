/** Alerts: what fires and why it was sent, what is silenced, where messages go, and what has happened. */
import type { ComponentType } from "preact";
import { Tabs } from "../../parts/tabs";
import { parameter } from "../../state/address";
import { Channels } from "./channels";
import { Firing } from "./firing";
import { Past } from "./past";
import { Routes } from "./routes";
import { Silences } from "./silences";
import "../../styles/alerts.css";

const TABS = [
  { name: "firing", title: "Firing" },
  { name: "silences", title: "Silences" },
  { name: "history", title: "History" },
  { name: "routes", title: "Routes" },
  { name: "channels", title: "Channels" },
] as const;
const VIEWS: Readonly<Record<string, ComponentType>> = { silences: Silences, history: Past, routes: Routes, channels: Channels };
const tab = parameter("tab", "firing");

export default function Alerts() {
  const View = VIEWS[tab.value] ?? Firing;
  return (
    <div class="alerts-page">
      <h1 class="visually-hidden">Alerts</h1>
      <Tabs page="alerts" tabs={TABS} chosen={tab.value in VIEWS ? tab.value : "firing"} label="Parts of alerting" />
      <View key={tab.value} />
    </div>
  );
}
