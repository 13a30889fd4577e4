/** The answer to a range as curves, with what to do about them. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { toggled } from "../../charts/hiding";
import { Legend } from "../../charts/legend";
import Plot, { type Curve, type Shape } from "../../charts/plot";
import Heatmap from "../../charts/heatmap";
import type { Frame } from "../../data/frames";
import { useLive } from "../../data/following";
import { shortNames } from "../../data/names";
import { Choice } from "../../parts/tabs";
import { parameter, setParameters } from "../../state/address";
import { wholeRange } from "../../charts/view";

const shape = parameter("shape", "lines");
const scale = parameter("scale", "linear");
const SHAPES: Readonly<Record<Shape, string>> = { lines: "Lines", area: "Areas", stacked: "Stacked", bars: "Bars" };
const CURVES_MAX = 100;

/** The unit of what a histogram counts, by the custom of ending names with it. */
function unitOf(text: string): string {
  return /_(seconds|bytes)(?:_bucket)?\b/.exec(text)?.[1] ?? "";
}

export function ChartView({ frame: asked, text, live }: { frame: Frame; text: string; live: boolean }) {
  const frame = useLive(asked, [text], live);
  const hidden = useSignal<ReadonlySet<number>>(new Set());
  const hover = useSignal<number | undefined>(undefined);
  const shown = frame.series.slice(0, CURVES_MAX);
  const names = useMemo(() => shortNames(shown.map((each) => each.labels)), [asked]);
  const curves: Curve[] = shown.map((each, index) => ({
    name: names[index] ?? "", values: each.values, hidden: hidden.value.has(index),
  }));
  const toggle = (curve: number, alone: boolean): void => {
    hidden.value = toggled(hidden.value, curve, alone, curves.length);
  };
  if (shown.some((each) => each.histograms)) return <div class="answer-map"><Heatmap frame={frame} unit={unitOf(text)} height={360} label={`Heat map of ${text}`} /></div>;
  const { min, max } = wholeRange();
  return (
    <div class="answer-chart">
      <div class="answer-tools">
        <Choice label="Shape" names={SHAPES} chosen={shape.value} choose={(name) => setParameters({ shape: name === "lines" ? "" : name }, true)} />
        <Choice
          label="Scale" names={{ linear: "Linear", log: "Log" }} chosen={scale.value}
          choose={(name) => setParameters({ scale: name === "log" ? "log" : "" }, true)}
        />
      </div>
      <Plot
        times={frame.times} curves={curves} min={min} max={live ? Math.max(max, frame.times.at(-1) ?? max) : max} height={360}
        shape={shape.value as Shape} logarithmic={scale.value === "log"} label={`Chart of ${text}`}
        onHover={(index) => { hover.value = index; }}
      />
      {frame.series.length > CURVES_MAX && (
        <p class="muted small">{CURVES_MAX} of {frame.series.length} series are drawn. Put them together with <code>sum by</code>, or take the largest with <code>topk</code>.</p>
      )}
      <Legend curves={curves} hover={hover} toggle={toggle} />
    </div>
  );
}
