/** The server's own curves, read from the metrics it keeps of itself. */
import type { Panel } from "../dashboards/model";
import { PanelBox } from "../dashboards/panel";
import "../../styles/dashboards.css";

const HEIGHT_PX = 150;

const PANELS: readonly Panel[] = [
  {
    kind: "timeseries", title: "Samples taken in", unit: "/s", shape: "area",
    queries: [{ expr: "sum(rate(tapewatch_metrics_samples_total[5m]))", legend: "samples" }],
  },
  {
    kind: "timeseries", title: "Queries, by how they ended", unit: "/s", shape: "stacked",
    queries: [{ expr: "sum by (outcome) (rate(tapewatch_queries_total[5m])) > 0", legend: "{{outcome}}" }],
  },
  {
    kind: "timeseries", title: "Time of a query, 99 of 100", unit: "s",
    queries: [{ expr: "histogram_quantile(0.99, sum by (le) (rate(tapewatch_query_duration_seconds_bucket[5m])))", legend: "p99" }],
  },
  {
    kind: "timeseries", title: "Processor, in cores", shape: "area",
    queries: [{ expr: 'sum(rate(process_cpu_seconds_total{job="tapewatch"}[5m]))', legend: "cores" }],
  },
  {
    kind: "timeseries", title: "On disk", unit: "bytes",
    queries: [{ expr: "tapewatch_metrics_log_bytes", legend: "write-ahead log" }, { expr: "tapewatch_metrics_blocks_bytes", legend: "blocks" }],
  },
  {
    kind: "timeseries", title: "Time of a group of rules", unit: "s",
    queries: [{ expr: "topk(5, tapewatch_rule_group_duration_seconds)", legend: "{{rule_group}}" }],
  },
];

export default function Charts() {
  return (
    <div class="board-grid" style={{ "--count": "3" }}>
      {PANELS.map((panel) => (
        <PanelBox key={panel.title} panel={panel} texts={panel.queries.map((each) => each.expr)} height={HEIGHT_PX} marks={[]} compare="" />
      ))}
    </div>
  );
}
