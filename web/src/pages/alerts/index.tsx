/** Alerts: what fires and why it was sent, what is silenced, who is called, where messages go, what has happened. */
import type { ComponentType } from "preact";
import { Tabs } from "../../parts/tabs";
import { parameter } from "../../state/address";
import { Actions } from "./actions";
import { Channels } from "./channels";
import { Firing } from "./firing";
import { OnCall } from "./oncall";
import { Past } from "./past";
import { ReportView } from "./report";
import { Routes } from "./routes";
import { Rules } from "./rules";
import { Silences } from "./silences";
import "../../styles/alerts.css";

const TABS = [
  { name: "firing", title: "Firing" },
  { name: "rules", title: "Rules" },
  { name: "silences", title: "Silences" },
  { name: "history", title: "History" },
  { name: "on-call", title: "On call" },
  { name: "actions", title: "Actions" },
  { name: "routes", title: "Routes" },
  { name: "channels", title: "Channels" },
  { name: "report", title: "Report" },
] as const;
const VIEWS: Readonly<Record<string, ComponentType>> = {
  rules: Rules, silences: Silences, history: Past, "on-call": OnCall, actions: () => <Actions />, routes: Routes, channels: Channels, report: ReportView,
};
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
