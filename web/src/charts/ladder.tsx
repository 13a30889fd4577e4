/** Percentiles on one logarithmic line: how long the tail is, at one look. */
import { formatValue } from "../data/units";

export interface Rung {
  readonly name: string;
  readonly value: number;
  readonly colour: number;
}

export type Scale = (value: number) => number;

const COLOURS = ["--series-3", "--series-1", "--series-2", "--series-7"];

/** Lay every value that is shown on one scale, as percents of the line. */
export function scaleOf(values: readonly number[]): Scale {
  const shown = values.filter((value) => value > 0 && value < Infinity);
  const low = Math.log(Math.min(...shown) * 0.8);
  const high = Math.log(Math.max(...shown) * 1.25);
  return (value) => ((Math.log(value) - low) / (high - low || 1)) * 100;
}

export function Track({ rungs, unit, place, bare }: {
  rungs: readonly Rung[]; unit: string | undefined; place: Scale; /** Without words on the marks. */ bare?: boolean;
}) {
  const places = rungs.map((each) => place(each.value));
  return (
    <div class={bare ? "ladder-track bare" : "ladder-track"} role="img" aria-label={rungs.map((each) => `${each.name} ${formatValue(each.value, unit)}`).join(", ")}>
      <div class="ladder-span" style={{ left: `${Math.min(...places)}%`, right: `${100 - Math.max(...places)}%` }} />
      {rungs.map((each, index) => (
        <div
          class={`ladder-mark${near(places, index) ? " high" : ""}`} key={each.name}
          style={{ left: `${places[index]}%`, "--mark": `var(${COLOURS[each.colour % COLOURS.length]})` }}
          title={`${each.name}: ${formatValue(each.value, unit)}`}
        >
          {!bare && <>{each.name} <b>{formatValue(each.value, unit)}</b></>}
        </div>
      ))}
    </div>
  );
}

const WORDS_WIDTH = 16;

/** Whether the words of a mark would stand in those of the one before; then they stand above them. */
function near(places: readonly number[], index: number): boolean {
  const gap = (places[index] ?? 0) - (places[index - 1] ?? -100);
  return index > 0 && gap < WORDS_WIDTH && !near(places, index - 1);
}
