/** What the curves are called, and their last, least and largest values. */
import type { Signal } from "@preact/signals";
import { extentOf } from "../data/frames";
import { formatValue } from "../data/units";
import { seriesColour } from "./colours";
import type { Curve } from "./plot";

const ROWS_MAX = 200;

export function Legend({ curves, unit, hover, toggle, name }: {
  curves: readonly Curve[];
  unit?: string | undefined;
  /** The index of the time under the cross-hair. */
  hover: Signal<number | undefined>;
  toggle?: (curve: number, alone: boolean) => void;
  name?: (curve: number) => preact.ComponentChildren;
}) {
  const at = hover.value;
  return (
    <div class="legend" role="group" aria-label="Series" tabIndex={curves.length > 6 ? 0 : undefined}>
      <div class="legend-row legend-head" aria-hidden="true">
        <i /><i /><span class="number">{at === undefined ? "last" : "here"}</span><span class="number">min</span><span class="number">max</span>
      </div>
      {curves.slice(0, ROWS_MAX).map((curve, index) => {
        const { min, max, last } = extentOf(curve.values);
        const shown = at === undefined ? last : (curve.values[at] ?? NaN);
        return (
          <button
            type="button" key={index} class={`legend-row${curve.hidden ? " off" : ""}`} aria-pressed={!curve.hidden}
            title={`${curve.name}: click hides it, shift-click shows it alone`}
            onClick={(event) => toggle?.(index, event.shiftKey)}
          >
            <i class="swatch" style={{ background: seriesColour(curve.colour ?? index) }} />
            <span>{name?.(index) ?? curve.name}</span>
            <span class="number bright">{formatValue(shown, unit)}</span>
            <span class="number muted">{formatValue(min, unit)}</span>
            <span class="number muted">{formatValue(max, unit)}</span>
          </button>
        );
      })}
      {curves.length > ROWS_MAX && <p class="muted small">and {curves.length - ROWS_MAX} more; the table has all</p>}
    </div>
  );
}
