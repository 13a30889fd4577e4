/** Colours that people with any kind of colour vision tell apart; read from the style sheet. */
import { computed } from "@preact/signals";
import { theme } from "../state/preferences";

const COUNT = 8;

function read(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colours of the theme that is shown. */
export const colours = computed(() => {
  theme.value;
  return {
    series: Array.from({ length: COUNT }, (_, index) => read(`--series-${index + 1}`)),
    line: read("--line"),
    grid: read("--grid"),
    text: read("--text"),
    muted: read("--muted"),
    panel: read("--panel"),
    bad: read("--bad"),
    warn: read("--warn"),
    good: read("--good"),
    info: read("--info"),
    heat: [0, 1, 2, 3, 4].map((index) => read(`--heat-${index}`)),
  };
});

export function seriesColour(index: number): string {
  const all = colours.value.series;
  return all[index % all.length] ?? "";
}

/** Series beyond the first eight are told apart by their dashes. */
export function seriesDash(index: number): number[] | undefined {
  const turn = Math.floor(index / COUNT);
  if (turn === 0) return undefined;
  return turn % 2 ? [5, 3] : [2, 3];
}

export type Tone = "good" | "warn" | "bad" | "info" | "muted";

export function toneColour(tone: Tone): string {
  return colours.value[tone];
}

/** The colour of a share between 0 and 1 on the heat scale. */
export function heatColour(share: number, scale: readonly (readonly number[])[]): string {
  const place = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const low = scale[Math.floor(place)] ?? [0, 0, 0];
  const high = scale[Math.ceil(place)] ?? low;
  const part = place - Math.floor(place);
  const [red, green, blue] = low.map((value, index) => Math.round(value + ((high[index] ?? value) - value) * part));
  return `rgb(${red},${green},${blue})`;
}

/** Read #rrggbb. */
export function readHex(colour: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** The face of the page at a size, as a canvas wants it. */
export function faceOf(sizePx: number): string {
  return `${sizePx}px ${getComputedStyle(document.body).fontFamily}`;
}
