/** Platform: what is read, what is kept, what it costs, and whether all of it works. */
import type { ComponentType } from "preact";
import { Tabs } from "../../parts/tabs";
import { parameter } from "../../state/address";
import { Cardinality } from "./cardinality";
import { Overview } from "./overview";
import { QueriesTab } from "./queries";
import { TargetsTab } from "./targets";
import { Configuration } from "./configuration";
import "../../styles/platform.css";

const TABS: readonly { name: string; title: string; view: ComponentType }[] = [
  { name: "health", title: "Health", view: Overview },
  { name: "targets", title: "Targets", view: TargetsTab },
  { name: "cardinality", title: "Cardinality", view: Cardinality },
  { name: "queries", title: "Queries", view: QueriesTab },
  { name: "configuration", title: "Configuration", view: Configuration },
];

const tab = parameter("tab", "health");

export default function Platform() {
  const chosen = TABS.find((each) => each.name === tab.value) ?? (TABS[0] as (typeof TABS)[number]);
  const View = chosen.view;
  return (
    <>
      <h1 class="visually-hidden">Platform: {chosen.title}</h1>
      <Tabs page="platform" tabs={TABS} chosen={chosen.name} label="Parts of the platform" />
      <div class="platform"><View /></div>
    </>
  );
}
