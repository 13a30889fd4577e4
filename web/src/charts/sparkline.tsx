/** A line without axes, for the corner of an eye. */
import { thin } from "./downsample";

export function Sparkline({ values, label, width = 120, height = 28 }: {
  values: Float64Array; label: string; width?: number; height?: number;
}) {
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={sparkPath(values, width, height)} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

/** Draw a path through the values; a gap lifts the pen. */
export function sparkPath(values: Float64Array, width: number, height: number): string {
  const places = Float64Array.from(values, (_, index) => index);
  const [xs, row] = thin(places, [values], 0, values.length, width);
  const finite = (row ?? []).filter((value): value is number => value !== null);
  const low = Math.min(...finite);
  const scale = (height - 4) / (Math.max(...finite) - low || 1);
  let pen = "M";
  return (row ?? []).map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const x = ((xs[index] ?? 0) / Math.max(values.length - 1, 1)) * width;
    const told = `${pen}${x.toFixed(1)},${(height - 2 - (value - low) * scale).toFixed(1)}`;
    pen = "L";
    return told;
  }).join("");
}
