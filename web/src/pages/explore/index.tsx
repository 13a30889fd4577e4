/**
 * Explore: ask anything, over one time range.
 *
 * Each signal is a tab with the same range; metrics are the first. A tab reads `expr` of the
 * address and writes it back, so one can hand its question over to another.
 */
import { Tabs } from "../../parts/tabs";
import { parameter } from "../../state/address";
import { Metrics } from "./metrics";
import "../../styles/explore.css";

const TABS = [{ name: "metrics", title: "Metrics", view: Metrics }] as const;

const tab = parameter("tab", "metrics");

export default function Explore() {
  const chosen = TABS.find((each) => each.name === tab.value) ?? TABS[0];
  const View = chosen.view;
  return (
    <>
      <h1 class="visually-hidden">Explore</h1>
      {TABS.length > 1 && <Tabs page="explore" tabs={TABS} chosen={chosen.name} label="Signals" />}
      <View />
    </>
  );
}
