/** A question in PromQL that stands in a text, with its answer below: a line and a value each. */
import { gridOf, useRange } from "../data/query";
import { shortNames } from "../data/names";
import { formatValue } from "../data/units";
import { Sparkline } from "../charts/sparkline";
import { href } from "../state/address";
import { range } from "../state/time";

const SHOWN_MAX = 6;
const WIDTH_PX = 180;

export function Question({ text }: { text: string }) {
  const asked = useRange(text, gridOf(range.value, WIDTH_PX)).value;
  const series = asked.value?.series ?? [];
  const names = shortNames(series.map((each) => each.labels));
  return (
    <div class="code">
      <pre tabIndex={0}>{text}</pre>
      <a data-page class="small" href={href("explore", { expr: text })}>Explore</a>
      <div class="answers" aria-busy={asked.loading && !asked.value}>
        {asked.fault && <p class="fault small wrap">{asked.fault.message}</p>}
        {asked.value && !asked.fault && !series.length && <p class="muted small">Nothing is there in this time range.</p>}
        {series.slice(0, SHOWN_MAX).map((each, index) => (
          <div class="answer-row" key={names[index]}>
            <span class="ellipsis" title={names[index]}>{names[index]}</span>
            <Sparkline values={each.values} label={`${names[index]} over time`} />
            <b>{formatValue(lastOf(each.values))}</b>
          </div>
        ))}
        {series.length > SHOWN_MAX && <p class="muted small">and {series.length - SHOWN_MAX} more</p>}
      </div>
    </div>
  );
}

function lastOf(values: Float64Array): number {
  return values.findLast((value) => !Number.isNaN(value)) ?? NaN;
}
