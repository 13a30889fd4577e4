/** One objective, opened: how its budget went, when, and who burnt it. */
import { useInstant } from "../../data/query";
import { shortNames } from "../../data/names";
import { formatValue } from "../../data/units";
import { lazy } from "../../parts/lazy";
import { href } from "../../state/address";
import { range } from "../../state/time";
import { burners, type Promised } from "./model";

const Charts = lazy<{ own: Promised }>(() => import("./charts"));

export function Opened({ own }: { own: Promised }) {
  return (
    <div class="opened">
      <Charts own={own} />
      {burners(own, 1) && <Burners own={own} />}
    </div>
  );
}

function Burners({ own }: { own: Promised }) {
  const { startMs, endMs } = range.value;
  const expr = burners(own, (endMs - startMs) / 1_000);
  const asked = useInstant(expr, endMs).value;
  const found = [...(asked.value ?? [])].sort((one, other) => other.value - one.value);
  const names = shortNames(found.map((each) => each.labels));
  const all = found.reduce((total, each) => total + each.value, 0);
  const unit = own.up ? "ratio" : "integer";
  return (
    <section aria-label="What burnt it">
      <h4>{own.fast ? "Whose events are counted" : "What burnt it, in this time range"} <a data-page class="small" href={href("explore", { expr, view: "table" })}>Explore</a></h4>
      {asked.fault && <p class="fault wrap">{asked.fault.message}</p>}
      {asked.value && !found.length && <p class="muted">Nothing was bad.</p>}
      <div class="toplist">
        {found.map((each, index) => (
          <div class="toplist-row" key={names[index]}>
            <div class="toplist-bar" style={{ width: `${(each.value / all) * 100}%` }} />
            <span class="toplist-name" title={names[index]}>{names[index]}</span>
            <span class="toplist-value">{formatValue(own.up ? each.value : Math.round(each.value), unit)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}
