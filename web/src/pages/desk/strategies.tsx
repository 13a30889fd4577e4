/** Strategies: what they earn, hold and pay, and where our books differ from the venue's. */
import { Sparkline } from "../../charts/sparkline";
import { gridOf, useRange } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { href } from "../../state/address";
import { formatDuration, range } from "../../state/time";
import type { Answers } from "./answers";
import { reader, valuesOf } from "./model";
import { PNL } from "./questions";
import { waits } from "./waits";

const SPARK_PX = 120;
const SLIPPAGE_MUCH_BPS = 10;
const DRIFTS_MAX = 6;

export function Strategies({ answers }: { answers: Answers }) {
  const past = useRange(PNL, gridOf(range.value, SPARK_PX)).value.value;
  const names = valuesOf(answers, "strategy", "realized", "held");
  if (!names.length) return waits(answers, "realized", "held") ?? <p class="empty">No process tells of a strategy: the base pack <code>risk</code> says by which metrics.</p>;
  const read = reader(answers);
  return (
    <table class="matrix">
      <thead>
        <tr><th scope="col">Strategy</th><th scope="col" colSpan={2}>P&amp;L of the day</th><th scope="col">open</th><th scope="col">positions</th><th scope="col">orders</th><th scope="col">filled</th><th scope="col">slippage</th></tr>
      </thead>
      <tbody>
        {names.map((strategy) => {
          const at = { strategy };
          const pnl = read("realized", at) + read("unrealized", at);
          const slippage = read("slippage", at);
          const curve = past?.series.find((each) => each.labels["strategy"] === strategy)?.values;
          return (
            <tr key={strategy}>
              <th scope="row"><a data-page href={href("explore", { expr: `position_quantity{strategy=${JSON.stringify(strategy)}}` })}>{strategy}</a></th>
              <td class={pnl < 0 ? "number fault" : "number bright"}>{formatValue(pnl, "USD")}</td>
              <td class="spark">{curve && <Sparkline values={curve} label={`P&L of ${strategy} over the range`} />}</td>
              <td class="number">{formatValue(read("unrealized", at), "USD")}</td>
              <td class="number">{formatValue(read("held", at), "integer")}</td>
              <td class="number">{formatValue(sent(answers, strategy))}/s</td>
              <td class="number">{formatValue(read("fill", at), "ratio")}</td>
              <td class={slippage > SLIPPAGE_MUCH_BPS ? "number fault" : "number"}>{formatValue(slippage, "bps")}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function sent({ points }: Answers, strategy: string): number {
  return (points.sent ?? []).filter((each) => each.labels["strategy"] === strategy).reduce((total, each) => total + each.value, 0);
}

/** Where our positions and balances are not the venue's, and for how long. */
export function Drift({ answers }: { answers: Answers }) {
  const drifted = [...(answers.points.drift ?? [])].sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  const read = reader(answers);
  const compared = answers.points.compared ?? [];
  const oldest = Math.max(...compared.map((each) => each.value));
  if (!compared.length) return waits(answers, "compared", "drift") ?? <p class="muted">Nobody compares positions with a venue.</p>;
  return (
    <>
      {!drifted.length && <p><Badge state="good">agree</Badge> <span class="muted">with {compared.length} {compared.length === 1 ? "venue" : "venues"}, compared {formatDuration(oldest * 1_000)} ago at most</span></p>}
      <ul class="lines">
        {drifted.slice(0, DRIFTS_MAX).map(({ labels, value }) => {
          const { venue = "", kind = "", symbol = "" } = labels;
          return (
            <li key={`${venue} ${kind} ${symbol}`}>
              <span>{venue} · {symbol} <span class="muted">{kind}</span></span>
              <span class="number fault">{formatValue(value)} for {formatDuration(read("since", { venue, kind, symbol }) * 1_000)}</span>
            </li>
          );
        })}
        {drifted.length > DRIFTS_MAX && <li><a data-page href={href("explore", { expr: "position_drift != 0", view: "table" })}>and {drifted.length - DRIFTS_MAX} more</a></li>}
      </ul>
    </>
  );
}
