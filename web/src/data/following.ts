/** Frames that grow at their end while the stream brings new points. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Frame, Labels, Series } from "./frames";
import { listen, type LiveAnswer } from "./live";

/** How many live points a frame takes before the oldest of them goes. */
const POINTS_MAX = 900;

export function keyOf(labels: Labels, question = 0): string {
  return `${question} ${JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))}`;
}

/** Points after the end of a frame, by time and series. */
export class Tail {
  readonly times: number[] = [];
  private readonly rows = new Map<string, Map<number, number>>();
  private readonly labels = new Map<string, Labels>();

  /** Take an answer in; false where it is older than what is there. */
  take(answer: LiveAnswer, after: number, question: number): boolean {
    if (answer.time <= after) return false;
    if (!this.times.includes(answer.time)) {
      this.times.push(answer.time);
      this.times.sort((one, other) => one - other);
      if (this.times.length > POINTS_MAX) this.times.shift();
    }
    for (const point of answer.points) {
      const key = keyOf(point.labels, question);
      const row = this.rows.get(key) ?? new Map<number, number>();
      row.set(answer.time, point.value);
      this.rows.set(key, row);
      this.labels.set(key, point.labels);
    }
    return true;
  }

  /** Put what came live behind what was asked. */
  extend(frame: Frame, of: readonly number[]): Frame {
    const end = frame.times.at(-1) ?? -Infinity;
    const times = this.times.filter((time) => time > end);
    if (!times.length) return frame;
    const series = frame.series.map((each, index) => this.extendOne(each, times, of[index] ?? 0));
    return { times: joined(frame.times, times), series };
  }

  private extendOne(series: Series, times: readonly number[], question: number): Series {
    const row = this.rows.get(keyOf(series.labels, question));
    return { ...series, values: joined(series.values, times.map((time) => row?.get(time) ?? NaN)) };
  }
}

function joined(one: Float64Array, other: readonly number[]): Float64Array {
  const all = new Float64Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

/** Follow questions while `on`: the frame that was asked, and everything newer. */
export function useLive<F extends Frame & { readonly of?: readonly number[] }>(asked: F, texts: readonly string[], on: boolean): Frame {
  const tail = useMemo(() => new Tail(), [texts.join("\u0000"), on]);
  const turn = useSignal(0);
  useEffect(() => {
    if (!on) return undefined;
    const stops = texts.map((text, question) =>
      listen(text, (answer) => {
        if (tail.take(answer, asked.times.at(-1) ?? 0, question)) turn.value++;
      }),
    );
    return () => stops.forEach((stop) => stop());
  }, [tail, asked]);
  return on && turn.value >= 0 ? tail.extend(asked, asked.of ?? []) : asked;
}
