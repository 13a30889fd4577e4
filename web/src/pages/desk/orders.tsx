/** Order flow: how long each step takes, what is rejected and why, what is open or lost. */
import { formatValue } from "../../data/units";
import type { Answers } from "./answers";
import { reader, rungsOf, stepsOf, valuesOf, whysOf } from "./model";
import { waits } from "./waits";

const REJECTED_MANY = 0.05;
const WHYS_MAX = 12;

export function Orders({ answers }: { answers: Answers }) {
  const rows = valuesOf(answers, "venue", "sent", "open").flatMap((venue) => valuesOf(answers, "strategy", "sent", "open").map((strategy) => ({ venue, strategy })));
  const read = reader(answers);
  const known = rows.filter((each) => !Number.isNaN(read("open", each)) || !Number.isNaN(read("sent", each)));
  if (!known.length) return waits(answers, "open", "sent") ?? <p class="empty">No process tells of its orders: the SDK's <code>OrderLife</code> follows each from the signal to its end.</p>;
  const steps = stepsOf(answers);
  return (
    <div class="matrix-box" role="group" aria-label="Orders by venue and strategy" tabIndex={0}>
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Venue · strategy</th><th scope="col">sent</th><th scope="col">rejected</th>
            <th scope="col">open</th><th scope="col">oldest</th><th scope="col">lost</th>
            {steps.map((each) => <th scope="col" key={each.from + each.to} title="What half and what 99 of 100 stayed below">{each.from} → {each.to}</th>)}
          </tr>
        </thead>
        <tbody>
          {known.map((each) => {
            const [rejected, lost] = [(read("rejected", each) || 0) / read("sent", each), read("orphaned", each)];
            return (
              <tr key={each.venue + each.strategy}>
                <th scope="row">{each.venue} <span class="muted">{each.strategy}</span></th>
                <td class="number">{formatValue(read("sent", each))}/s</td>
                <td class={rejected > REJECTED_MANY ? "number fault" : "number"}>{formatValue(rejected, "ratio")}</td>
                <td class="number">{formatValue(read("open", each), "integer")}</td>
                <td class="number">{formatValue(read("oldest", each), "s")}</td>
                <td class={lost > 0 ? "number fault" : "number"} title="Older than their limit, and nobody knows their end">{formatValue(lost, "integer")}</td>
                {steps.map((step) => {
                  const [half, , most] = rungsOf(answers, "steps", { ...each, ...step });
                  return (
                    <td class="number" key={step.from + step.to}>
                      {half && most ? <>{formatValue(half.value, "s")} <span class="muted">· {formatValue(most.value, "s")}</span></> : <span class="muted">–</span>}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function Whys({ answers }: { answers: Answers }) {
  const whys = whysOf(answers);
  if (!whys.length) return waits(answers, "refusals", "failures", "faults", "reasons") ?? <p class="muted">Nothing was rejected, refused or out of order in the last hour.</p>;
  return (
    <ul class="lines">
      {whys.slice(0, WHYS_MAX).map((each) => (
        <li key={each.what + each.where}>
          <span class="ellipsis">{each.what} <span class="muted">{each.where}</span></span>
          <span class="number">{formatValue(Math.round(each.times), "integer")}</span>
        </li>
      ))}
      {whys.length > WHYS_MAX && <li class="muted">and {whys.length - WHYS_MAX} more</li>}
    </ul>
  );
}
