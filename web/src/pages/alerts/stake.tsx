/** What an alert costs, where series say so: money, positions and orders that share its labels. */
import { useInstant } from "../../data/query";
import { formatValue } from "../../data/units";
import type { Labels } from "../../data/frames";
import { href } from "../../state/address";
import { now } from "../../state/time";

/** The names that packs and trading objects use; a desk with others is shown nothing wrong. */
const AT_STAKE = [
  { title: "Profit and loss today", metrics: ["book:pnl_usd:sum", "strategy_pnl", "bot_unrealized_pnl_usd"], unit: "USD" },
  { title: "Open positions", metrics: ["trading_position_value_usd"], unit: "USD" },
  { title: "Open orders", metrics: ["orders_open", "open_orders"], unit: "integer" },
  { title: "Orders a minute", metrics: ["orders_sent_total"], unit: "", rate: true },
] as const;
const SHARED = ["venue", "strategy", "symbol", "account"];

/** Ask the first metric that is there; a series that lacks one of the labels may be touched too. */
export function stakeQuery(metrics: readonly string[], labels: Labels, rate = false): string {
  const matchers = SHARED.filter((name) => labels[name]).map((name) => `${name}=~${JSON.stringify(`${escaped(labels[name] ?? "")}|`)}`);
  const by = matchers.length ? `{${matchers.join(", ")}}` : "";
  return metrics.map((metric) => (rate ? `sum(rate(${metric}${by}[5m])) * 60` : `sum(${metric}${by})`)).join(" or ");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

export function Stake({ labels }: { labels: Labels }) {
  const figures = AT_STAKE.map((each) => ({ ...each, expr: stakeQuery(each.metrics, labels, "rate" in each) }));
  return <dl class="stakes">{figures.map((each) => <Figure key={each.title} {...each} />)}</dl>;
}

function Figure({ title, expr, unit }: { title: string; expr: string; unit: string }) {
  const value = useInstant(expr, now.value).value.value?.[0]?.value;
  if (typeof value !== "number" || Number.isNaN(value)) return null;
  return <div><dt class="muted">{title}</dt><dd><a data-page href={href("explore", { expr })}>{formatValue(value, unit)}</a></dd></div>;
}
