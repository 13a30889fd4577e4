/** Risk: limits and how much of them is used, breakers, and the kill switches with who and why. */
import { useEndpoint } from "../../data/query";
import { formatValue } from "../../data/units";
import { Badge } from "../../parts/badge";
import { formatTime, now } from "../../state/time";
import type { Answers } from "./answers";
import { Meter } from "./matrix";
import { waits } from "./waits";

const USED_MUCH = 0.9;

export function Limits({ answers }: { answers: Answers }) {
  const limits = [...(answers.points.limits ?? [])].sort((one, other) => other.value - one.value);
  if (!limits.length) return waits(answers, "limits") ?? <p class="muted">Nobody tells how much of a limit is used.</p>;
  return (
    <ul class="meters">
      {limits.map(({ labels, value }) => (
        <li key={`${labels["limit"]} ${labels["strategy"]}`} class={`meter tone-${value >= 1 ? "bad" : value > USED_MUCH ? "warn" : "good"}`}>
          <span class="ellipsis">{labels["limit"]?.replaceAll("_", " ")} <span class="muted">{labels["strategy"]}</span></span>
          <Meter label={`${labels["limit"]} of ${labels["strategy"]} used`} share={value} />
          <span class="number">{formatValue(value, "ratio")}</span>
        </li>
      ))}
    </ul>
  );
}

export function Breakers({ answers }: { answers: Answers }) {
  const open = answers.points.breakers ?? [];
  const trips = answers.points.trips ?? [];
  if (!open.length && !trips.length) return waits(answers, "breakers", "trips") ?? <p><Badge state="good">closed</Badge> <span class="muted">no breaker has tripped in the last hour</span></p>;
  const isOpen = new Set(open.map((each) => `${each.labels["breaker"]} ${each.labels["strategy"]}`));
  const rows = [...open, ...trips.filter((each) => !isOpen.has(`${each.labels["breaker"]} ${each.labels["strategy"]}`))];
  return (
    <ul class="lines">
      {rows.map((each, index) => (
        <li key={`${each.labels["breaker"]} ${each.labels["strategy"]}`}>
          <span>{each.labels["breaker"]?.replaceAll("_", " ")} <span class="muted">{each.labels["strategy"]}</span></span>
          {index < open.length ? <Badge state="bad">open</Badge> : <span class="muted">tripped {formatValue(Math.round(each.value), "integer")} times in the last hour</span>}
        </li>
      ))}
    </ul>
  );
}

interface Switch {
  readonly switch: string;
  readonly tripped: boolean;
  readonly who: string;
  readonly why: string;
  readonly at: string | null;
  readonly service: string;
  readonly instance: string;
}

/** The switches that processes here hold say why; of others the series says only whether. */
export function Switches({ answers }: { answers: Answers }) {
  const told = useEndpoint<{ readonly switches: readonly Switch[] }>("api/v1/desk/switches", now.value).value.value?.switches ?? [];
  const elsewhere = (answers.points.switches ?? []).filter(({ labels }) => !told.some((each) => each.switch === labels["switch"] && each.service === labels["service"]));
  const rows: Switch[] = [...told, ...elsewhere.map(({ labels, value }): Switch => ({
    switch: labels["switch"] ?? "", tripped: value === 1, who: "", why: "", at: null, service: labels["service"] ?? "", instance: labels["instance"] ?? "",
  }))].sort((one, other) => Number(other.tripped) - Number(one.tripped));
  if (!rows.length) return waits(answers, "switches") ?? <p class="muted">No process has a kill switch.</p>;
  return (
    <ul class="switches">
      {rows.map((each) => (
        <li key={`${each.switch} ${each.service} ${each.instance}`}>
          <Badge state={each.tripped ? "bad" : "good"}>{each.tripped ? "tripped" : "armed"}</Badge>
          <div>
            <p><b>{each.switch}</b> <span class="muted">{each.service} {each.instance}</span></p>
            {each.at && <p class="wrap">{each.why || "without a reason"} <span class="muted">{each.who || "somebody"}, {formatTime(Date.parse(each.at))}</span></p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
