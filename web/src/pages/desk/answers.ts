/** The newest answer to every question of the desk: as it comes, or of the one time that is looked at. */
import { useEffect, useMemo } from "preact/hooks";
import { signal, type ReadonlySignal } from "@preact/signals";
import { ask, isAbort } from "../../data/client";
import { toSamples, type Bucket, type Labels, type RawResult } from "../../data/frames";
import { listen } from "../../data/live";
import { share } from "../../data/query";
import { isRelative, range } from "../../state/time";
import { ASKED_NAMES, HEARD_NAMES, QUESTIONS, type Name } from "./questions";

export interface Point {
  readonly labels: Labels;
  readonly value: number;
  readonly buckets?: readonly Bucket[];
}

type Points = Partial<Record<Name, readonly Point[]>>;

export interface Answers {
  /** Milliseconds since 1970; zero before the first answer. */
  readonly atMs: number;
  /** What was not answered yet is not there. */
  readonly points: Readonly<Points>;
  readonly fault?: Error;
}

const NOTHING: Answers = { atMs: 0, points: {} };
const PAUSE_MS = 10_000;

export function useAnswers(): ReadonlySignal<Answers> {
  const box = useMemo(() => signal<Answers>(NOTHING), []);
  const endMs = isRelative.value ? 0 : range.value.endMs;
  useEffect(() => {
    const gather = new Gather((told) => { box.value = told; });
    if (endMs) gather.askAt(endMs);
    else gather.follow();
    return () => gather.stop();
  }, [endMs]);
  return box;
}

class Gather {
  private readonly points: Points = {};
  private readonly stops = new Set<() => void>();
  private atMs = 0;
  private frame = 0;
  private stopped = false;

  constructor(private readonly tell: (told: Answers) => void) {
    tell(NOTHING);
  }

  stop(): void {
    this.stopped = true;
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  /** Hear what changes each second, and ask for the rest again and again. */
  follow(): void {
    for (const name of HEARD_NAMES) {
      this.stops.add(listen(QUESTIONS[name], ({ time, points }) => this.take(name, points, time * 1_000)));
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = (): void => {
      const asked = document.hidden ? [] : ASKED_NAMES.map((name) => this.ask(name));
      void Promise.allSettled(asked).then(() => { if (!this.stopped) timer = setTimeout(turn, PAUSE_MS); });
    };
    this.stops.add(() => clearTimeout(timer));
    turn();
  }

  askAt(atMs: number): void {
    Promise.all([...HEARD_NAMES, ...ASKED_NAMES].map((name) => this.ask(name, atMs))).catch((fault: Error) => {
      if (!this.stopped && !isAbort(fault)) this.tell({ ...NOTHING, fault });
    });
  }

  private async ask(name: Name, atMs?: number): Promise<void> {
    const pairs: [string, string][] = [["query", QUESTIONS[name]], ...(atMs ? [["time", String(atMs / 1_000)] as [string, string]] : [])];
    const shared = share(`desk ${name} ${atMs}`, async (stop) => toSamples((await ask<RawResult>("api/v1/query", pairs, stop)).data));
    this.stops.add(shared.leave);
    const samples = await shared.promise.finally(() => this.stops.delete(shared.leave));
    if (!this.stopped) this.take(name, samples.map((each) => ({ ...each, ...(each.histogram && { buckets: each.histogram.buckets }) })), atMs ?? this.atMs);
  }

  /** What comes in one breath is told at once. */
  private take(name: Name, points: readonly Point[], atMs: number): void {
    this.points[name] = points;
    this.atMs = Math.max(this.atMs, atMs);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.tell({ atMs: this.atMs, points: { ...this.points } });
    });
  }
}
