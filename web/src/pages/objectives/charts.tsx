/** The past of an objective: what was left, and when it went. */
import type { Panel } from "../dashboards/model";
import { PanelBox } from "../dashboards/panel";
import type { Promised } from "./model";
import "../../styles/dashboards.css";

const HEIGHT_PX = 168;

export default function Charts({ own }: { own: Promised }) {
  const matcher = `{objective=${JSON.stringify(own.name)}}`;
  const legend = own.budgets[0]?.group ? "{{" + own.by.join("}} {{") + "}}" : own.title || own.name;
  const panels: readonly Panel[] = [
    {
      kind: "timeseries", title: "Budget left", unit: "ratio", thresholds: [{ value: 0, tone: "bad" }],
      queries: [{ expr: `objective:budget_left:ratio${matcher}`, legend }],
    },
    {
      kind: "timeseries", title: "Burn rate: 1 is as fast as allowed", unit: "×", shape: "area", thresholds: [{ value: 1, tone: "warn" }],
      queries: [{ expr: `objective:error:ratio_rate5m${matcher} / on (objective) group_left objective:budget:ratio${matcher}`, legend }],
    },
  ];
  return (
    <div class="board-grid" style={{ "--count": "2" }}>
      {panels.map((each) => <PanelBox key={each.title} panel={each} texts={each.queries.map((one) => one.expr)} height={HEIGHT_PX} marks={[]} compare="" />)}
    </div>
  );
}
